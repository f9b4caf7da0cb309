// Written by tools/golden_formats.py with the Python package gguf. Do not edit.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/tensor.h"

namespace qwq::test {

// clang-format off

inline constexpr uint64_t kGoldenSeed = 20250306;
inline constexpr int kGoldenBlocks = 4096;

struct Golden {
  DType dtype;
  uint64_t checksum;   // of kGoldenBlocks generated blocks
  const char* block;   // hexadecimal
  int stride;          // of the elements listed
  std::vector<float> values;
};

inline const Golden kGolden[] = {
    {DType::kQ4_0, 0x9fce69a0525ef400,
     "6a20c79bd76ad109d2c63b70153dbfce1563",
     5,
     {-0x1.1a8p-7f, 0x1.1a8p-7f, -0x1.a7cp-6f, -0x1.612p-5f, 0x1.612p-5f, -0x1.1a8p-7f, -0x1.ee6p-5f}},
    {DType::kQ4_1, 0x02796bb74ec27b3b,
     "5e21c6a2b38ff1e4df73abea65d166fc00b2fcd2",
     5,
     {0x1.2a8p-6f, 0x1.2a8p-6f, 0x1.96ep-5f, 0x1.fbp-8f, 0x1.f8p-4f, 0x1.f8p-4f, 0x1.26fp-3f}},
    {DType::kQ5_0, 0x2527f1ceb5dde000,
     "eba0990e117a98d015a04681039d0691a3289477991b",
     5,
     {-0x1.3acp-4f, 0x1.2714p-3f, -0x1.d82p-6f, 0x1.897p-5f, -0x1.3acp-5f, -0x1.6218p-4f, -0x1.6218p-4f}},
    {DType::kQ5_1, 0x2b57c2781057ee6e,
     "50a299a0b43a469e460261efd523d392a07574d6795f13aa",
     5,
     {-0x1.53c8p-4f, -0x1.f224p-3f, -0x1.dd9p-5f, -0x1.0ee4p-3f, -0x1.5aa4p-3f, -0x1.2b92p-2f,
      -0x1.5d2p-6f}},
    {DType::kQ8_0, 0x089b1ca9d38c8980,
     "14a18d95e386f856a0cc8cf6c3f432761de2f9d06e613d13b092f217f1d8a084dc25",
     5,
     {0x1.23fep+0f, -0x1.b4b8p-1f, 0x1.35c4p-1f, 0x1.30bp-2f, -0x1.35c4p-1f, -0x1.d33p-3f, 0x1.6dap-2f}},
    {DType::kQ2_K, 0xd30271109c3c034e,
     "ae973ded49a63007988f53da29503cc76e74a60f36025992989a4e06b141e7478f713b4743cb78d78479a92e71eac005"
     "d0fa95819553e5c24557f6033de2e126bb22d5d4bfacd39ac18a6a233548999675a27d20",
     23,
     {-0x1.c35cp-2f, -0x1.5ffcp-2f, -0x1.85ap-3f, -0x1.1f4p-5f, -0x1.4238p-2f, -0x1.6998p-4f,
      -0x1.1f6ap-2f, -0x1.e978p-4f, -0x1.d2c8p-4f, -0x1.f4dp-3f, -0x1.ebd6p-2f, -0x1.8c3cp-3f}},
    {DType::kQ3_K, 0x36a9a6f3f032e2c0,
     "784fae0d336c62641249b01e7c7b00538dce87a77560d7fa4793e828264c9c23319f8ea207604e237257fdd91d67205f"
     "3ab7af9b06898ee9c8cd947126cc240014f6afc090c385c6a310e2c905cdd29e998a578a61b309d714552a7b98c039a3"
     "0ce08fcec901e0bee2dea0b469a1",
     23,
     {0x1.8588p-2f, 0x0p+0f, -0x1.6fe4p-1f, 0x1.f1bcp-2f, -0x1.6fe4p-2f, -0x1.5a4p-5f, -0x0p+0f,
      0x1.03bp-2f, 0x1.c674p-1f, -0x1.2ef8p-2f, 0x1.2ef8p-2f, 0x1.dc18p-4f}},
    {DType::kQ4_K, 0xe3424a4c105a9941,
     "8b202ea2a47ceaddd4cc19c0394b57086284ab6aab23264346ef15aaa7b437cacadc448de513daeb3520f2b928e66401"
     "5d737ef381377de213d3f2dfe5b1ef2ff5af19102578c5a039f9c33b5d74a584a9c752b72189eb3f40c86b06ce8ca731"
     "b446840ae04e88a87178ea9f8738a45eb08c5c311a445fb504501bf7723c1208d62d5451533c2b88032234b495149135",
     23,
     {0x1.c2bp-1f, 0x1.e0a7p+1f, 0x1.bdf2p+0f, 0x1.7488p+1f, 0x1.495e8p+2f, 0x1.077ep-2f, 0x1.27816p+2f,
      0x1.c051p+1f, 0x1.26fdcp+1f, 0x1.fb738p+1f, 0x1.882ap+1f, 0x1.1384p+0f}},
    {DType::kQ5_K, 0xb08db883e4479b8f,
     "f423afa099b1f9b6e1b3fab987f19c66657fb145e894281febd64f23cbdb780296ecfeebfc5cd18e0bd27f05d9f22439"
     "d5ccebbf49156e717ea8b8510b3d5745ddc037c810017e8278f511daccbfb36f82f72399dc28ef8fbb89a554c159dcf6"
     "31afea9e4438b918e17fa6635c5af300e6e75acc2f37b6e2a3d4eff4d62805de0b3b4adef294328dfcffbd4e66c9800f"
     "bbdb324479f1cad52b1fe1f5202492e2a858624a4007c13d5101b5ec8af81ea5",
     23,
     {0x1.0e9f3p+3f, 0x1.141b8p+0f, 0x1.116c2p+2f, 0x1.5c7c3p+4f, 0x1.64f96p+3f, 0x1.57dd78p+4f,
      0x1.332dcp+3f, 0x1.f9db9p+3f, 0x1.03cedp+3f, 0x1.3155cp+1f, 0x1.db934p+2f, 0x1.2a561p+4f}},
    {DType::kQ6_K, 0xbd6747b3ea9cd190,
     "f66f0c91d51c593ca8a43ef43727534174629922d09edea798c8057eb76aecbe4713eb3aeb4b84cf36dfcdeaae4fc8d4"
     "ac289a1c7c1c332c901c22c3b94471fa5b9005438886dc70d8873e372f8e3b03e597282c34341c1117dda84b745ba4fa"
     "695fe930d7b7a2535d9681e9bc7836ea7af97cf65e168dc5abbeb76f729ab3d06517a6e5d9488f39931da32eeadf023c"
     "9f9b968e6aaf9c13ddcaeaac943973dd69c7e092ff491d0963705f7469dbd42d083d7b9738e9ff057ed52b3716e0da98"
     "dd3a7a12d0047e2cc177e441e422c72228a0",
     23,
     {-0x1.6bacp+1f, -0x1.5a87p+3f, 0x1.7c4cp+4f, -0x1.8288p+3f, 0x1.4c8p-3f, -0x1.6dcp-2f,
      0x1.eaf5p+3f, -0x1.d18p-3f, -0x1.c7e38p+3f, 0x0p+0f, -0x1.45bfp+3f, -0x1.b99ap+2f}},
    {DType::kIQ4_NL, 0x4fa76dfa318ebc00,
     "6f23a5a5c4e9ce77764cb113ca7fa59a1739",
     5,
     {-0x1.042dp-1f, -0x1.2958p-3f, 0x1.73aep-2f, 0x1.828cp-3f, 0x1.89fbp-1f, -0x1.828cp+0f,
      -0x1.828cp+0f}},
    {DType::kIQ4_XS, 0x8d3f68edf6ba3db0,
     "b3a2ab479fe684f1feee7af994ea999922ca36166bba09aaaa67f4a104b8bf7084ac9ef986313b029ade8112deccd25a"
     "f62b9bdbf4b0cfda990a4e86b3f55860d5988083f3f22a975273d33b4c7c4924c01d6be68b3ebe832f3c3d5084c94ded"
     "efd92193050ef4874d2dedaa581a41dd43b7cfac39c5e193b66d94efc82d394a0ef0beff0e9cdd44",
     23,
     {-0x1.20cc94p+5f, -0x1.51792p+2f, -0x1.1e644p+2f, -0x1.0a4b4p+2f, -0x1.1be12p+3f, -0x1.7728p-3f,
      -0x1.3e368p+3f, 0x1.630fp+2f, 0x1.2a1d8p+3f, -0x1.a5d768p+4f, 0x1.5c5cp-3f, 0x1.5c5cp-3f}},
};

// clang-format on

}  // namespace qwq::test
