//! How often bytes follow each other in source code, to choose what to search for.
//!
//! Measured on npm packages, Rust crates and the Python library, twenty megabytes of
//! each. Only the order of magnitude counts: a wrong guess costs time, not findings.

/// Symbols besides letters and digits that are told apart.
const SIGNS: &[u8] = b"_-./ \"'()=:,;<>{}[]\\\n";

const SYMBOLS: usize = 28 + SIGNS.len();

/// The symbol of each byte: a letter of either case, any digit, a sign, or another byte.
static SYMBOL: [u8; 256] = {
    let mut symbols = [SYMBOLS as u8 - 1; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_alphabetic() {
            symbols[byte] = b.to_ascii_lowercase() - b'a';
        } else if b.is_ascii_digit() {
            symbols[byte] = 26;
        }
        byte += 1;
    }
    let mut sign = 0;
    while sign < SIGNS.len() {
        symbols[SIGNS[sign] as usize] = 27 + sign as u8;
        sign += 1;
    }
    symbols
};

/// How many of ten thousand bytes are each symbol.
static SHARES: [u16; SYMBOLS] = [
    438, 102, 253, 197, 688, 159, 110, 118, 370, 14, 45, 253, 160, 371, 354, 205, 20, 411, 403, 514, 199, 55, 50, 52,
    82, 16, 275, 151, 48, 121, 71, 2235, 125, 81, 107, 107, 71, 117, 179, 46, 9, 20, 30, 30, 31, 31, 20, 280, 174,
];

/// How rarely a symbol, by its column, follows another, by its row: `a` is always, and
/// each letter after it half as often.
static FOLLOWS: [&[u8; SYMBOLS]; SYMBOLS] = [
    b"efefhiflflhdeeifjdedghhhgjhiiilfjjkjlihinlqmkmljk",
    b"dighdiijefkdiieikffhdkllelfhjgidhhhilifhnkolkkkji",
    b"djgidhjegjeeiicikegdgjkjhkgfihjgjiihlhfhkmomllljj",
    b"ehhfchhjdkjgiifikgfhfjjjhmgfigjdghfgjffijjmjkjjgh",
    b"fifegfhkiljegeiggdeejhhfhlifigkdghggjggikkokjilgi",
    b"ejihffhmdmmfifdjmeggfmlmhnggieldhihglhfjlkplkjjij",
    b"fhhicjgfelkggfgileeffjjlijhfifhdghfgjgfhjjqjjklhi",
    b"diiicjkjdlkihjeikghegljmhlggiglegighjhgimkpkkkmhi",
    b"fgeffefljljeecdgkfddkgmhngijljkikkljmjhlplrnnkolk",
    b"fhghcihifighgidhgicjeigkgjhhmhlgjhigkifiomqkjhoii",
    b"ehhgbigjekkhhghikiehgjgijkheigjehhfgjffhjlpkjimhg",
    b"ehifceildijejjehlieefijmfmifihifiighjhhjjlpljkmii",
    b"dfihcjjlejkgfiedkjfhfkklijhgjhheiihikhgjkkomlknjj",
    b"ejeeegekfkhhjhehmjddghjjhljgihjdghghjhhjklnkkkjhi",
    b"ggfeifhlgjgfecgemdffegfillkhjjkfjjjkljiknnqnlmmjk",
    b"djihdikgfnjejjdfldfedjkkfljgjhkgihgikhikkklmklnjj",
    b"dgghhihkiklfiijkgghibkjkjjgglgmgiighkhfhkknljknie",
    b"ejggciflenhhgfdimfeefhjlgnigjgkehgghjggjkjpkkjlhi",
    b"gjgjcjjgemihiiffjiecfijiglifjfhdghggjfgjllplijlgh",
    b"ejgidikddmkhijeglefffkijflifigjdhhghjhgijjokjjlhi",
    b"fdfgeggnfomeedifodedklninmejmlnhkkmlmlilpmkomlolk",
    b"cihibigkdllihjfhmjhiklljjkfghhkgihihkhhknioljkkjj",
    b"dhhhdjjdckjhifeileehkkhkklifihkeiifikhgjklnmkkkih",
    b"fhehegkjfllfgihdlhhdkjjhhldfgfiehhgfigfijknjjijhg",
    b"ghhigigkgkkffffclheejigliihehfidggfgiffijjmkjhkgh",
    b"ehhhbiiieijgfhehiiiiijjigffgigjgghhgkhgjpkokkgjih",
    b"hhghhhkiillijjkkmkjkjimfkibgfejeghiflfdfmjnikgigh",
    b"efefffggeigffffejfeeffgjkjgemjmhkjhinkimojlmmjlki",
    b"ggfggghhgjjgghhgkgfghhhjkgckcflejjkkjnmmmdkojhghh",
    b"egeffffgfgiffggfjfefghhijjdemfgehiljlmjomolnliidh",
    b"ghgfhhghgikggiiflgghhihillgilhbdjiijklimlkjnjkiee",
    b"ghghhgiifkjhhggglgffhihkklghikibgghjgkoqkkhhiklmf",
    b"fhfggghhgjjhfggfkgffghhikkgijghgdijekddgkjijjgief",
    b"fgfgggghgjjggghgjgffhhhijjhhigifighekfcgjkjjhgfee",
    b"fgefffhhfjhggfgfjedfhghgjjehijjheegdmkmmknhtgmhfe",
    b"nnnpompqmtrppnonqkklppqqpqmmlfjcihgdkeddnjhhifhcf",
    b"ijijihkkjmljjgjjnihgkjkmmmgkkmmbghjldmmqmfilimjhh",
    b"hifhhhjkhlkiihihmhghjjjlmlikklgbijkkldmnioiqijidh",
    b"jlflglgmgnhlgkhlikijimimiofnkmmbginiropnpplnlnicj",
    b"ekilhjhmfpkjjlhmfijjljimgqjnlmoekjmkmnmensmknlhaj",
    b"efffggigfjggghgfifedeghjkjhgjkfdiefkekmzfhiohliif",
    b"kljkkkmkjnnjkjmkmkjjmmklnnimkjjbhgfgghffidiiiihfg",
    b"hhgihhjjhkjhhhhhlgghjhjkmkfjlkmeghikpjmqnrhelmfbh",
    b"lmkmkilmkrpmlnnlqjmloknpnpmjihhdfgiekhdeljjgjhgbg",
    b"fgeehhijejgghghgjfffgijikjdhghhheegllhklkningegee",
    b"omnnmqqnnzspopnnsnlnrqosrsmkmfjdhgfdifdfmhhhffhce",
    b"jfjfljlmlqqjkclinhfgdkgfpkglhfgjfghhlklnhkhiggdff",
    b"jlhhhhmlhnnkjkjepkjjjikonokjjlfbjnmjnourmmlgjlodf",
    b"hhghhhijhjiighigkgfgiijikkghigfcgffggghijkhkfhhfc",
];

/// About the share of places in source code at which a text stands, in any case of its letters.
pub(super) fn chance(text: &[u8]) -> f32 {
    let Some((first, rest)) = text.split_first() else { return 1.0 };
    let mut last = usize::from(SYMBOL[usize::from(*first)]);
    let mut chance = f32::from(SHARES[last]) / 10_000.0;
    for byte in rest {
        let next = usize::from(SYMBOL[usize::from(*byte)]);
        chance *= 0.5_f32.powi(i32::from(FOLLOWS[last][next] - b'a'));
        last = next;
    }
    chance
}

/// About the share of the bytes of source code that are each byte of ASCII.
pub(super) static SHARE: [f32; 128] = {
    let mut shares = [0.0; 128];
    let mut byte = 0;
    while byte < 128 {
        let symbol = SYMBOL[byte] as usize;
        let all = SHARES[symbol] as f32 / 10_000.0;
        shares[byte] = match byte as u8 {
            b'a'..=b'z' => all * 0.85,
            b'A'..=b'Z' => all * 0.15,
            b'0'..=b'9' => all / 10.0,
            // One of the fourteen other signs.
            _ if symbol == SYMBOLS - 1 => all / 14.0,
            _ => all,
        };
        byte += 1;
    }
    shares
};
