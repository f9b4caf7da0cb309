package dev.qwq.grammar;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.util.List;

/**
 * What an answer must look like, for whatever vocabulary. Blank lines before the answer, which
 * models write behind their thinking, are part of it. Immutable and safe for use by many threads.
 */
public final class AnswerGrammar {
  private static final Terminal LEADING_SPACE =
      Terminal.shared(RegexAutomaton.whole("[ \\t\\r\\n]{0,4}"));

  private final Node root;

  private AnswerGrammar(Node root) {
    this.root = root;
  }

  /**
   * Compiles a JSON Schema.
   *
   * @param schema its text
   * @return the grammar of its values
   * @throws dev.qwq.QwqException with {@code INVALID_ARGUMENT}, naming the place, if the schema is
   *     malformed, uses what is not supported, or has no valid value
   */
  public static AnswerGrammar jsonSchema(String schema) {
    return new AnswerGrammar(SchemaCompiler.compile(schema));
  }

  /**
   * Compiles a regular expression.
   *
   * @param pattern what the whole answer matches
   * @return the grammar of its texts
   * @throws dev.qwq.QwqException with {@code INVALID_ARGUMENT}, naming construct and position, if
   *     it is malformed, not supported, or matches nothing
   */
  public static AnswerGrammar regex(String pattern) {
    Dfa dfa = RegexAutomaton.whole(RegexParser.parse(pattern));
    if (dfa.isEmpty()) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT, "regular expression \"" + pattern + "\": matches no text");
    }
    return new AnswerGrammar(Terminal.of(dfa));
  }

  /**
   * Makes the grammar of some texts.
   *
   * @param texts at least one
   * @return the grammar
   */
  public static AnswerGrammar oneOf(List<String> texts) {
    return new AnswerGrammar(Terminal.of(RegexAutomaton.whole(Regexes.oneOf(texts))));
  }

  /** The grammar without what comes before. */
  Node root() {
    return root;
  }

  /**
   * Joins the grammar and a vocabulary.
   *
   * @param trie the vocabulary
   * @return the grammar over it
   */
  public Grammar over(TokenTrie trie) {
    return new Grammar(SequenceNode.of(LEADING_SPACE, root), trie);
  }
}
