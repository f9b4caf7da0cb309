package dev.qwq.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Tool calls as Qwen's models write them: <code>{"name": …, "arguments": …}</code> behind {@code
 * <tool_call>}, with the arguments that the tool's schema asks for, up to {@code </tool_call>}.
 */
public final class ToolCallGrammar {
  static final String OPEN = "<tool_call>";
  private static final String BLANK = "[ \\n]{0,2}";
  private static final String CLOSE = BLANK + "</tool_call>";

  private ToolCallGrammar() {}

  /**
   * Makes the grammar of what follows {@code <tool_call>}.
   *
   * @param schemas the JSON Schema of each tool's arguments, by the tool's name; at least one
   * @param trie the vocabulary
   * @return the grammar, the closing marker included
   * @throws dev.qwq.QwqException with {@code INVALID_ARGUMENT} if a schema is not supported
   */
  public static Grammar of(Map<String, String> schemas, TokenTrie trie) {
    AlternativesNode calls = new AlternativesNode();
    for (Map.Entry<String, String> tool : schemas.entrySet()) {
      Node name =
          Terminal.of(RegexAutomaton.whole(Regexes.literal(JsonStrings.spelling(tool.getKey()))));
      List<ObjectNode.Property> properties = new ArrayList<>();
      properties.add(ObjectNode.Property.of("name", name, true));
      properties.add(
          ObjectNode.Property.of("arguments", SchemaCompiler.compile(tool.getValue()), true));
      calls.add(new ObjectNode(properties, List.of(), 0, Regex.UNBOUNDED));
    }
    return new Grammar(
        SequenceNode.of(
            Terminal.of(RegexAutomaton.whole(BLANK)),
            calls,
            Terminal.withMarkers(RegexAutomaton.whole(CLOSE))),
        trie);
  }
}
