// Attention of every cpu variant against the reference; unwritten cache slots are NaN, or numbers that would
// show.
#include "tests/ops_attention_problem.h"

namespace qwq::test {
namespace {

using Problem = AttentionProblem;
using Shape = AttentionShape;

// Those that go with any head.
constexpr KvType kAnyHead[] = {KvType::kF16, KvType::kI16};
constexpr KvType kWithScales[] = {KvType::kQ8_0, KvType::kI8};

}  // namespace

TEST(all_head_sizes_and_groups) {
  for (const Variant& variant : usable_variants()) {
    for (int head_dim = 2; head_dim <= 4 * variant.lanes + 6; head_dim += 2) {
      const int group = 1 + head_dim % 7;
      for (const Flush flush : {Flush::kEnd, Flush::kStart}) {
        for (const KvType type : kAnyHead) {
          Problem({2, group, head_dim, 16, type}, {{0, 3}, {9, 1}}, flush).check(variant);
        }
      }
    }
    for (const int head_dim : {32, 64, 80, 96, 128, 256}) {
      for (const KvType type : kAnyHead) {
        Problem({1, 5, head_dim, 16, type}, {{60, 9}}).check(variant);
        Problem({1, 7, head_dim, 32, type}, {{100, 1}}).check(variant);
      }
    }
  }
}

TEST(positions_around_tiles_and_splits) {
  for (const Variant& variant : usable_variants()) {
    for (const int32_t position : {0, 1, 62, 63, 64, 65, 127, 1022, 1023, 1024, 1087, 2049}) {
      for (const KvType type : kAnyHead) {
        Problem({2, 3, 16, 32, type}, {{position, 2}}).check(variant, 1);
        Problem({2, 3, 16, 32, type}, {{position, 1}}).check(variant, 4);
      }
    }
  }
}

TEST(a_prompt_of_many_rows) {
  for (const Variant& variant : usable_variants()) {
    for (const KvType type : kAnyHead) {
      Problem({2, 2, 32, 16, type}, {{0, 150}}).check(variant);
      Problem({1, 7, 24, 64, type}, {{1000, 40}}).check(variant);
      Problem({1, 1, 32, 16, type}, {{130, 100}}).check(variant);
      Problem({1, 40, 16, 256, type}, {{62, 70}}).check(variant);
    }
  }
}

TEST(a_mixed_batch) {
  for (const Variant& variant : usable_variants()) {
    for (const KvType type : kAnyHead) {
      Problem({2, 3, 20, 16, type}, {{5, 1}, {0, 37}, {1030, 1}, {70, 20}, {0, 1}}).check(variant);
      Problem({3, 2, 16, 16, type}, {{5, 1}, {1100, 1}, {70, 1}, {0, 1}}).check(variant);
    }
  }
}

// Levels and scales decode without rounding: the bounds of f32 are those of f16.
TEST(a_cache_of_8_bits) {
  for (const Variant& variant : usable_variants()) {
    for (const KvType type : kWithScales) {
      for (const int head_dim : {32, 64, 96, 128, 256}) {
        for (const Flush flush : {Flush::kEnd, Flush::kStart}) {
          Problem({2, 5, head_dim, 16, type}, {{60, 9}, {5, 1}, {130, 1}}, flush).check(variant);
        }
      }
      Problem({1, 7, 32, 64, type}, {{1000, 40}, {2049, 1}}).check(variant);
    }
  }
}

// Integers have 32 bits for sums.
TEST(the_largest_sums_of_products_fit) {
  for (const Variant& variant : usable_variants()) {
    for (const KvType type : {KvType::kF16, KvType::kI16, KvType::kI8}) {
      for (const Content content : {Content::kOneSign, Content::kOneElement}) {
        for (const int head_dim : {32, 128, 256}) {
          Problem({1, 3, head_dim, 16, type}, {{130, 3}}, Flush::kEnd, content).check(variant);
        }
      }
    }
  }
}

TEST(bits_do_not_depend_on_batch_chunks_or_threads) {
  for (const Variant& variant : usable_variants()) {
    // f16 of 64: a single row is read in the cache itself
    for (const Shape& shape : {Shape{2, 3, 24, 16}, Shape{2, 3, 64, 16}, Shape{2, 3, 32, 16, KvType::kQ8_0},
                               Shape{2, 3, 24, 16, KvType::kI16}, Shape{5, 3, 32, 16, KvType::kI8},
                               Shape{5, 3, 32, 16}, Shape{5, 3, 32, 16, KvType::kI16}}) {
      Problem problem(shape, {{1000, 60}, {5, 1}, {2100, 2}, {0, 20}});
      const std::vector<float> whole = problem.run(*variant.backend, 1);
      for (const int n_threads : {2, 3, 9}) {
        CHECK(same_bits(problem.run(*variant.backend, n_threads), whole));
      }
      for (const int64_t chunk : {1, 4, 17}) {
        for (const int n_threads : {1, 8}) {  // eight: splits of a row go to different workers
          std::vector<float> parts;
          for (int64_t r = 0; r < problem.n_rows(); r += chunk) {
            const int64_t n = std::min(chunk, problem.n_rows() - r);
            const std::vector<float> part = problem.run(*variant.backend, n_threads, r, n);
            parts.insert(parts.end(), part.begin(), part.end());
          }
          CHECK(same_bits(parts, whole));
        }
      }
    }
  }
}

// All but generic, which does not fuse multiplications with additions.
TEST(bits_do_not_depend_on_the_width_of_vectors) {
  for (const Shape& shape : {Shape{2, 5, 24, 32}, Shape{2, 5, 80, 32}, Shape{2, 5, 128, 32},
                             Shape{2, 5, 64, 32, KvType::kQ8_0}, Shape{2, 5, 24, 32, KvType::kI16},
                             Shape{2, 5, 128, 32, KvType::kI16}, Shape{2, 5, 64, 32, KvType::kI8}}) {
    Problem problem(shape, {{1000, 60}, {5, 1}, {2100, 1}});
    std::vector<float> first;
    for (const Variant& variant : usable_variants()) {
      if (std::string_view(variant.backend->name) == "generic") continue;
      const std::vector<float> out = problem.run(*variant.backend);
      if (first.empty()) first = out;
      CHECK(same_bits(out, first));
    }
  }
}

// A task of several splits, and many tasks of one.
TEST(a_very_long_sequence) {
  for (const Variant& variant : usable_variants()) {
    for (const KvType type : kAnyHead) {
      Problem problem({1, 2, 16, 256, type}, {{50000, 1}});
      problem.check(variant, 1);
      CHECK(same_bits(problem.run(*variant.backend, 1), problem.run(*variant.backend, 16)));
    }
  }
}

// What a row does not see may be anything, even where its mates of the chunk see it.
TEST(what_is_no_number_reaches_no_row_before_it) {
  for (const Variant& variant : usable_variants()) {
    for (const KvType type : {KvType::kF16, KvType::kQ8_0, KvType::kI16, KvType::kI8}) {
      for (const bool key : {true, false}) {
        Problem problem({1, 2, 32, 16, type}, {{40, 60}});
        const std::vector<float> before = problem.run(*variant.backend);
        problem.spoil(70, key);
        const std::vector<float> after = problem.run(*variant.backend);
        const size_t rows_before = 70 - 40;
        for (size_t i = 0; i < rows_before * problem.row_floats(); ++i) CHECK_EQ(after[i], before[i]);
        for (size_t i = rows_before * problem.row_floats(); i < after.size(); ++i) {
          CHECK(!std::isfinite(after[i]));
        }
      }
    }
  }
}

TEST(a_query_that_is_no_number_gives_none_and_spoils_no_other) {
  for (const Variant& variant : usable_variants()) {
    for (const KvType type : {KvType::kF16, KvType::kQ8_0, KvType::kI16, KvType::kI8}) {
      Problem problem({1, 2, 32, 16, type}, {{40, 60}});
      std::vector<float> expected = problem.run(*variant.backend);
      problem.spoil_query(20, 1);
      const std::vector<float> after = problem.run(*variant.backend);
      const size_t spoiled = 20 * problem.row_floats() + 32;
      for (size_t i = 0; i < after.size(); ++i) {
        if (spoiled <= i && i < spoiled + 32) {
          CHECK(std::isnan(after[i]));
        } else {
          CHECK_EQ(after[i], expected[i]);
        }
      }
    }
  }
}

}  // namespace qwq::test

QWQ_OPS_TEST_MAIN
