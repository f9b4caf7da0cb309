// The Qwen2 decoder in double precision, written for clarity and apart from the library: what the runtime's
// results are compared with. Of the library's roundings it makes only those that are part of the contract: K
// and V are kept as f16 by all backends but the reference, rotation angles are f32.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "tests/test_model.h"

namespace qwq::test {

class Oracle {
 public:
  Oracle(const TestModel& model, bool f16_cache) : m_(model), s_(model.shape), f16_cache_(f16_cache) {}

  // Logits after every token of one sequence: [n_tokens][vocab].
  std::vector<std::vector<double>> logits(const std::vector<int32_t>& tokens) const {
    std::vector<Vec> x;
    for (const int32_t token : tokens) {
      Vec row;
      for (int32_t i = 0; i < s_.hidden; ++i) row.push_back(m_.token_embd.at(token, i));
      x.push_back(row);
    }
    for (const TestLayer& layer : m_.layers) run_layer(layer, x);
    std::vector<Vec> result;
    for (const Vec& row : x) {
      result.push_back(linear(s_.tied ? m_.token_embd : m_.output, rms_norm(row, m_.output_norm)));
    }
    return result;
  }

 private:
  using Vec = std::vector<double>;

  void run_layer(const TestLayer& layer, std::vector<Vec>& x) const {
    std::vector<Vec> keys, values;
    for (size_t t = 0; t < x.size(); ++t) {
      const Vec h = rms_norm(x[t], layer.attn_norm);
      Vec k = linear(layer.k, h, layer.k_bias);
      rope(k, s_.n_kv_heads, t);
      keys.push_back(cached(k));
      values.push_back(cached(linear(layer.v, h, layer.v_bias)));
      Vec q = linear(layer.q, h, layer.q_bias);
      rope(q, s_.n_heads, t);
      add(x[t], linear(layer.o, attention(q, keys, values)));

      const Vec h2 = rms_norm(x[t], layer.ffn_norm);
      Vec gate = linear(layer.gate, h2);
      const Vec up = linear(layer.up, h2);
      for (size_t i = 0; i < gate.size(); ++i) gate[i] = gate[i] / (1 + std::exp(-gate[i])) * up[i];
      add(x[t], linear(layer.down, gate));
    }
  }

  Vec attention(const Vec& q, const std::vector<Vec>& keys, const std::vector<Vec>& values) const {
    Vec out;
    for (int32_t h = 0; h < s_.n_heads; ++h) {
      const int32_t kv = h / (s_.n_heads / s_.n_kv_heads);
      Vec p;
      for (const Vec& key : keys) {
        double score = 0;
        for (int32_t i = 0; i < s_.head_dim; ++i) score += q[at(h, i)] * key[at(kv, i)];
        p.push_back(score / std::sqrt(s_.head_dim));
      }
      const double max = *std::max_element(p.begin(), p.end());
      double sum = 0;
      for (double& score : p) sum += score = std::exp(score - max);
      for (int32_t i = 0; i < s_.head_dim; ++i) {
        double mixed = 0;
        for (size_t t = 0; t < p.size(); ++t) mixed += p[t] / sum * values[t][at(kv, i)];
        out.push_back(mixed);
      }
    }
    return out;
  }

  void rope(Vec& x, int32_t n_heads, size_t position) const {
    const int32_t half = s_.head_dim / 2;
    const double d = s_.head_dim;
    const double base = s_.rope_theta;
    const auto dim_of = [&](double turns) {
      return d * std::log(m_.config.yarn_original_context / (turns * 2 * std::numbers::pi)) /
             (2 * std::log(base));
    };
    const double mscale = s_.yarn ? 0.1 * std::log(4.0) + 1 : 1;
    for (int32_t i = 0; i < half; ++i) {
      double freq = std::pow(base, -2.0 * i / d);
      if (s_.yarn) {
        const double low = std::max(std::floor(dim_of(32)), 0.0);
        double high = std::min(std::ceil(dim_of(1)), d - 1);
        if (high == low) high += 0.001;
        const double ramp = std::clamp((i - low) / (high - low), 0.0, 1.0);
        freq = freq / 4 * ramp + freq * (1 - ramp);
      }
      const float angle = static_cast<float>(position) * static_cast<float>(freq);
      const double c = std::cos(static_cast<double>(angle)) * mscale;
      const double s = std::sin(static_cast<double>(angle)) * mscale;
      for (int32_t h = 0; h < n_heads; ++h) {
        const double a = x[at(h, i)];
        const double b = x[at(h, i + half)];
        x[at(h, i)] = a * c - b * s;
        x[at(h, i + half)] = b * c + a * s;
      }
    }
  }

  Vec rms_norm(const Vec& x, const TestTensor& weight) const {
    double squares = 0;
    for (const double value : x) squares += value * value;
    const double scale = 1 / std::sqrt(squares / static_cast<double>(x.size()) + m_.config.rms_norm_eps);
    Vec out;
    for (size_t i = 0; i < x.size(); ++i) out.push_back(x[i] * scale * weight.values[i]);
    return out;
  }

  static Vec linear(const TestTensor& weight, const Vec& x, const TestTensor& bias = {}) {
    Vec out;
    for (int64_t r = 0; r < weight.view.rows; ++r) {
      double sum = bias.values.empty() ? 0 : bias.values[static_cast<size_t>(r)];
      for (int64_t c = 0; c < weight.view.cols; ++c) sum += weight.at(r, c) * x[static_cast<size_t>(c)];
      out.push_back(sum);
    }
    return out;
  }

  static void add(Vec& x, const Vec& y) {
    for (size_t i = 0; i < x.size(); ++i) x[i] += y[i];
  }

  // Nearest number with 11 significant bits; the tests' values are in the range of normal f16 numbers or so
  // small that it does not matter.
  Vec cached(Vec x) const {
    if (!f16_cache_) return x;
    for (double& value : x) {
      int exponent;
      std::frexp(value, &exponent);
      const double unit = std::ldexp(1.0, std::max(exponent - 11, -24));
      value = std::nearbyint(value / unit) * unit;
    }
    return x;
  }

  size_t at(int32_t head, int32_t i) const { return static_cast<size_t>(head * s_.head_dim + i); }

  const TestModel& m_;
  const Shape& s_;
  const bool f16_cache_;
};

}  // namespace qwq::test
