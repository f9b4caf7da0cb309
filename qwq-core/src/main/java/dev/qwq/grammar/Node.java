package dev.qwq.grammar;

/** A part of a grammar. */
sealed interface Node permits Terminal, SequenceNode, AlternativesNode, ObjectNode, ArrayNode {
  /**
   * Finds where texts of this part begin.
   *
   * @param rest what comes after this part
   * @param follow receives the places
   */
  void expand(Frame rest, Follow.Builder follow);
}
