package dev.qwq.model;

import java.util.Map;

/** What a matrix is for: mixes give more bits to those whose errors cost most. */
enum TensorRole {
  EMBEDDING,
  /** Also the embedding matrix where it serves as output matrix. */
  OUTPUT,
  QUERY,
  KEY,
  VALUE,
  ATTENTION_OUTPUT,
  GATE,
  UP,
  DOWN;

  private static final Map<String, TensorRole> IN_LAYER =
      Map.of(
          "attn_q.weight", QUERY,
          "attn_k.weight", KEY,
          "attn_v.weight", VALUE,
          "attn_output.weight", ATTENTION_OUTPUT,
          "ffn_gate.weight", GATE,
          "ffn_up.weight", UP,
          "ffn_down.weight", DOWN);

  private static final String LAYER = "blk.";

  /** Returns the role of a matrix by its GGUF name. */
  static TensorRole of(String name, boolean tiedEmbeddings) {
    if (name.equals("output.weight")) {
      return OUTPUT;
    }
    if (name.equals("token_embd.weight")) {
      return tiedEmbeddings ? OUTPUT : EMBEDDING;
    }
    TensorRole role = IN_LAYER.get(name.substring(name.indexOf('.', LAYER.length()) + 1));
    if (!name.startsWith(LAYER) || role == null) {
      throw new IllegalArgumentException(name + " is no matrix of the architecture");
    }
    return role;
  }

  /** Returns the layer a matrix is in, from 0; 0 also for those in no layer. */
  static int layer(String name) {
    return name.startsWith(LAYER)
        ? Integer.parseInt(name.substring(LAYER.length(), name.indexOf('.', LAYER.length())))
        : 0;
  }
}
