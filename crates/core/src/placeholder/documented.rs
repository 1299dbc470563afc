//! Credentials that vendors and standards print in their documentation.
//!
//! They are kept as digests, so that no scanner trips over this file: of AWS,
//! Azurite, the Cosmos DB emulator, Stripe, Telegram, Supabase's local stack,
//! reCAPTCHA, Turnstile, hCaptcha, Postmark, kubeadm, `redis.conf`, `gcloud`, `gh`, the UUID
//! of AWS's examples, RFC 4122, RFC 6238, RFC 6749, RFC 6750 and RFC 7617, of
//! test cards, of the mnemonics in the BIP-39 vectors, and of the accounts
//! Hardhat, Anvil, Ganache and Truffle derive from theirs.

use sha2::{Digest, Sha256};

/// The first eight bytes of the SHA-256 of each, in order.
const DIGESTS: &[u64] = &[
    0x0011_cc25_eb43_2071,
    0x00cf_4c78_1dc3_7003,
    0x03b9_70ed_8171_d73b,
    0x03f9_beb6_43b1_913d,
    0x07f9_35b6_1d37_e0e5,
    0x0951_01cf_732c_298a,
    0x09b4_730d_cb58_f0cd,
    0x0aed_ba9d_586f_34f9,
    0x0b33_e013_2123_e78d,
    0x0b5d_d075_ccdd_03c4,
    0x0bc9_fde2_b028_e3b0,
    0x0e9d_2206_16f0_8345,
    0x0fff_9ee6_71b0_5ea2,
    0x1005_46a8_b020_a55a,
    0x124a_fceb_e52a_d4a2,
    0x1527_de84_967c_d41f,
    0x15f4_1342_748a_a6c0,
    0x196f_badc_a8b7_eea6,
    0x1e3e_5865_6012_d861,
    0x2288_ec82_bc09_0b36,
    0x28e5_43d3_753f_c9d1,
    0x2caf_c097_0149_a84f,
    0x2f46_43b1_3aea_be7e,
    0x2f60_0d58_1ba5_6a89,
    0x2f72_5bbd_1f40_5a1e,
    0x3002_888f_967a_7086,
    0x30e5_5f54_63e2_2af0,
    0x33f5_32fd_39fa_0d77,
    0x38e6_9fdd_19ae_feb4,
    0x3a64_bcd9_cea4_3c0a,
    0x3b1c_5e02_1074_09ea,
    0x3b67_5cf9_c99a_8468,
    0x3c09_4943_5a7e_4277,
    0x3fd5_610e_e03a_3503,
    0x4060_ed0c_a267_8bf6,
    0x422b_6cfd_76dc_f88d,
    0x4247_42fc_6538_f5e7,
    0x456a_51b1_f1b3_cf3e,
    0x465d_9ad5_d552_8ebe,
    0x477b_ba13_3c18_2267,
    0x49f8_8a1e_bbd7_c5d4,
    0x4a04_a073_4f70_11c3,
    0x4a67_d7a0_d8a1_6d6d,
    0x4c74_1cf6_c71a_af49,
    0x4d3e_46ee_c824_4d1d,
    0x4fab_aa71_008f_3cf7,
    0x5330_d388_af89_4c9e,
    0x549c_9390_539e_fcfa,
    0x5714_45cc_97f8_ff65,
    0x5785_9218_5588_730b,
    0x59fe_ecfa_04eb_096b,
    0x5de2_2089_c247_b9b2,
    0x6091_01d4_dd31_70f5,
    0x60a0_9e43_5786_8c1e,
    0x6403_4b44_c579_b335,
    0x664b_73b1_6aa5_7748,
    0x6859_4afe_9c9c_da52,
    0x6c96_130f_130a_b0d6,
    0x6dea_34b6_6114_1091,
    0x6ef6_c93b_e1f4_ce8f,
    0x70b8_01af_ae94_d2e6,
    0x7112_de5a_bbaa_f618,
    0x7283_83de_c632_3112,
    0x731f_a294_d036_e54f,
    0x77f8_9dcd_bbcc_cd05,
    0x7831_4b11_be2e_5815,
    0x7d1b_5fc2_3861_0328,
    0x7d2c_370c_3a57_48fa,
    0x7e8d_e44e_a9ec_f6d5,
    0x8335_c553_3482_1eef,
    0x841b_4f5b_0b34_e19a,
    0x84bc_109b_3d59_b017,
    0x85bd_e548_053a_ab4b,
    0x87ba_914e_30ae_df14,
    0x89fd_d4bd_49fc_0e2a,
    0x8be5_d113_c087_1ce1,
    0x967f_2158_6cdf_1248,
    0x9705_102d_b0d5_f99e,
    0x977f_f45d_361d_be91,
    0x9794_bae8_1f0d_5dd2,
    0x97bc_0c40_d645_cfaa,
    0x98a3_8f6d_ad3f_47af,
    0x9999_b089_4ccc_7989,
    0x9ba5_3bcd_10e9_193d,
    0x9c5d_0a66_56e5_d3f3,
    0x9ebb_e88c_52f8_6818,
    0xa136_adde_a40b_b541,
    0xa2e0_6155_cb1a_424f,
    0xa3a9_e1ed_9732_cab2,
    0xa47e_adb9_d6ed_4fc3,
    0xa4b8_b245_ab28_bc4f,
    0xa5fe_1cb4_158f_fd2a,
    0xa69c_47e0_e9de_eb99,
    0xa71b_359a_87af_de13,
    0xaa65_4743_9583_c3a2,
    0xaac7_51a0_391b_b84d,
    0xabf7_6129_20ff_2620,
    0xadb2_49e8_d46d_80a7,
    0xb08b_dfde_9930_d920,
    0xb147_1f54_4cee_ea31,
    0xb26a_b652_9d20_ebeb,
    0xb616_bf99_717b_6dab,
    0xb62a_d8b3_465e_33dc,
    0xb69d_88ff_1ad5_834a,
    0xb6b9_ee08_c38f_62da,
    0xb83e_9641_7f61_cb14,
    0xb8e1_4854_5b13_c78b,
    0xbb49_78fb_e763_8de8,
    0xbc1a_5096_6c9e_6486,
    0xbc69_5e76_adbd_4ba5,
    0xbd0c_f33a_5647_1e08,
    0xbe39_4de3_7f9d_6cf6,
    0xc15f_3d9d_fdc9_8389,
    0xc557_eec8_78df_d852,
    0xc85d_ebb5_5f2f_204d,
    0xc9af_1927_cd58_e92d,
    0xce9f_a353_f655_0241,
    0xcf1f_c66f_8531_51a4,
    0xcf4d_418e_d3de_92d7,
    0xd05f_6bb1_aa2e_4ccd,
    0xd1b3_190d_acfb_6af1,
    0xd6d6_a080_7a81_cf99,
    0xdd01_02d1_cd0c_6ac7,
    0xe008_f3fd_f0ea_9619,
    0xe21b_597b_a6b9_cafa,
    0xe463_9de7_f016_67f6,
    0xe4da_07ad_2000_89ce,
    0xe4f1_734d_f025_0d54,
    0xe585_5ff4_8799_c52c,
    0xe770_e8aa_42a8_69cf,
    0xe902_40b1_15bb_5d77,
    0xecb0_e7ba_498c_5920,
    0xecd5_e9d0_b08a_8a9f,
    0xefe8_fca5_524a_213b,
    0xf01e_0e86_e732_98d3,
    0xf023_2219_7a19_6ceb,
    0xf038_6f9b_e1fe_905f,
    0xf070_994a_8599_4785,
    0xf08c_f7b4_6c09_669b,
    0xf151_3114_f60e_5e95,
    0xf241_67ac_cb5d_690f,
    0xf2d6_ca16_5150_33e5,
    0xf51c_2c79_5f78_2308,
    0xf5e9_5c99_5463_5b65,
    0xf79c_d64f_9cea_2378,
    0xf7d8_3870_1b86_c5df,
    0xfa7d_6c8d_dbcc_290e,
    0xfaeb_1dab_5a32_6eef,
    0xfb8f_3512_9df8_7662,
    0xfe97_4493_52b1_d67c,
];

/// The lengths of all of them, so that other values need not be hashed.
const LENGTHS: &[usize] = &[
    10, 12, 13, 15, 16, 17, 19, 22, 23, 24, 26, 28, 32, 35, 36, 38, 40, 41, 42, 44, 46, 49, 59, 64, 66, 74, 75, 78, 79,
    88, 93, 110, 123, 148, 164,
];

/// Starts of tokens that are examples whatever follows.
const PREFIXES: &[&str] = &[concat!("sec", "ret_scanning_ab85fc6f8d7638cf1c11da812da308d43_")];

/// Whether a value is a documented example.
pub(crate) fn is_documented(value: &[u8]) -> bool {
    if PREFIXES.iter().any(|prefix| value.starts_with(prefix.as_bytes())) {
        return true;
    }
    if LENGTHS.binary_search(&value.len()).is_err() {
        return false;
    }
    let digest = Sha256::digest(value);
    let head = digest.iter().take(8).fold(0, |head: u64, byte| head << 8 | u64::from(*byte));
    DIGESTS.binary_search(&head).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(DIGESTS.is_sorted() && LENGTHS.is_sorted());
    }

    #[test]
    fn knows_the_documented_examples() {
        let values = [
            concat!("sk_test_", "4eC39HqLyjWDarjtT1zdp7dc"),
            concat!("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6I", "FsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="),
            concat!("0xac0974bec39a17e36ba4a6b4d238ff94", "4bacb478cbed5efcae784d7bf4f2ff80"),
            concat!("110201543:AAHdqTcvCH1v", "GWJxfSeofSAs0K5PALDsaw"),
            concat!("sec", "ret_scanning_ab85fc6f8d7638cf1c11da812da308d43_abcde"),
            concat!("550e8400-e29b-", "41d4-a716-446655440000"),
            concat!("JBSWY3DP", "EHPK3PXP"),
        ];
        for value in values {
            assert!(is_documented(value.as_bytes()), "{value}");
        }
        assert!(!is_documented(b"k3J9mQ2xR7vT4wZ1"));
    }
}
