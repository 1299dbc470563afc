//! Nothing to find here.
	const BIRD: &str = "canary-plokmijn-uhbygvtf";
