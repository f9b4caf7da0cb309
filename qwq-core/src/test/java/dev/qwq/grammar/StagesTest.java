package dev.qwq.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.engine.TokenMask;
import dev.qwq.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A grammar holds from the end of the thinking on, wherever the tokens are cut. */
class StagesTest {
  private static final Tokenizer TINY = Vocabularies.tiny();
  private static final TokenTrie TRIE = new TokenTrie(TINY, 1280);
  private static final int END = TINY.eosId().orElseThrow();
  private static final int[] ENDS = {END};
  private static final int THINK_END = TINY.id("</think>").orElseThrow();
  private static final AnswerGrammar NUMBER = AnswerGrammar.regex("[0-9]+");

  private static TokenMask number(boolean thinking) {
    return GrammarMasks.answer(NUMBER.over(TRIE), thinking, 1280, ENDS);
  }

  private static TokenMask after(TokenMask mask, String text) {
    TokenMask at = mask;
    for (int token : TINY.encode(text, false)) {
      at = at.after(token);
    }
    return at;
  }

  private static boolean allows(TokenMask mask, int token) {
    int[] allowed = mask.allowed();
    return allowed == null || Writer.has(allowed, token);
  }

  private static int token(String text) {
    int[] tokens = TINY.encode(text, false);
    assertThat(tokens).as(text).hasSize(1);
    return tokens[0];
  }

  @Test
  void letsEverythingPassButTheEndUntilTheThinkingIsClosed() {
    TokenMask mask = after(number(true), "What is { 12 }? <think> x");
    for (int id = 0; id < 1280; id++) {
      assertThat(allows(mask, id)).as("%d", id).isEqualTo(id != END);
    }
    TokenMask answer = mask.after(THINK_END);
    assertThat(allows(answer, token("1"))).isTrue();
    assertThat(allows(answer, token("a"))).isFalse();
    assertThat(allows(answer, THINK_END)).isFalse();
    assertThat(allows(answer, END)).isFalse();
    assertThat(allows(answer.after(token("1")), END)).isTrue();
  }

  @Test
  void holdsFromTheStartWhereThePromptClosedTheThinking() {
    TokenMask mask = number(false);
    assertThat(allows(mask, token("1"))).isTrue();
    assertThat(allows(mask, token("a"))).isFalse();
    assertThat(allows(mask, END)).isFalse();
    assertThat(allows(mask, TINY.id("<think>").orElseThrow())).isFalse();
  }

  @Test
  void neverEndsAReplyThatNeverClosesItsThinking() {
    TokenMask mask = number(true);
    for (int i = 0; i < 2_000; i++) {
      assertThat(allows(mask, END)).isFalse();
      mask = mask.after(i % 1200);
    }
  }

  @Test
  void allowsBlankLinesBeforeTheAnswer() {
    for (String blank : List.of("", "\n", "\n\n", " ", "\n \n", "\r\n")) {
      TokenMask mask = after(number(true).after(THINK_END), blank);
      assertThat(allows(mask, token("7"))).as("[%s]", blank).isTrue();
      assertThat(allows(mask, token("a"))).as("[%s]", blank).isFalse();
    }
    TokenMask filled = after(number(true).after(THINK_END), "\n \n ");
    assertThat(allows(filled, token("\n"))).as("not without end").isFalse();
  }

  @Test
  void readsMarkersThatAreCutIntoPieces() {
    TokenMask mask = number(true);
    for (String piece : List.of("<", "</", "th", "ink", ">")) {
      mask = after(mask, piece); // "<</think>"
    }
    assertThat(allows(mask, token("1"))).isTrue();
    assertThat(allows(mask, token("a"))).isFalse();
  }

  /** Tokens as a vocabulary may have them: the end of the marker and what follows in one. */
  @Test
  void looksIntoTokensThatHoldTheEndOfTheMarker() {
    byte[][] tokens = new byte[270][0];
    for (int b = 0; b < 256; b++) {
      tokens[b] = new byte[] {(byte) b};
    }
    String[] longer = {
      ">\n\n", ">1", ">a", "</think>", "</think>\n\n42", "</think>no", "x</think>1"
    };
    for (int i = 0; i < longer.length; i++) {
      tokens[256 + i] = longer[i].getBytes(StandardCharsets.UTF_8);
    }
    TokenTrie trie = Vocabularies.trie(tokens);
    TokenMask mask = GrammarMasks.answer(NUMBER.over(trie), true, 310, new int[] {300});
    assertThat(allowedOf(mask, 256, 263)).containsExactly(256, 257, 258, 259, 260, 262);
    TokenMask inside = mask;
    for (int b : "</think".toCharArray()) {
      inside = inside.after(b);
    }
    assertThat(allowedOf(inside, 256, 259))
        .as("blank or a number, no letter")
        .containsExactly(256, 257);
    assertThat(allows(inside.after(257), 300)).isTrue();
    assertThat(allows(inside.after(256), 300)).isFalse();
    assertThat(allows(mask.after(260), 300)).isTrue();
    assertThat(allows(mask.after(260), 'x')).isFalse();
  }

  private static List<Integer> allowedOf(TokenMask mask, int from, int to) {
    List<Integer> found = new ArrayList<>();
    for (int id = from; id < to; id++) {
      if (allows(mask, id)) {
        found.add(id);
      }
    }
    return found;
  }

  @Test
  void takesSpecialTokensInsideTheThinkingForNoText() {
    TokenMask mask = number(true).after(1272).after(THINK_END);
    assertThat(allows(mask, 1272)).isFalse();
    assertThat(allows(mask, token("1"))).isTrue();
  }

  @Test
  void failsWhereAForcedTokenCannotBe() {
    TokenMask answer = number(false);
    assertThatThrownBy(() -> answer.after(token("a"))).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void bindsToolCallsOnly() {
    Grammar calls =
        ToolCallGrammar.of(
            Map.of(
                "weather",
                "{\"type\": \"object\", \"properties\": {\"city\": {\"type\": \"string\"}},"
                    + " \"required\": [\"city\"]}",
                "add",
                "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"integer\"}, \"b\":"
                    + " {\"type\": \"integer\"}}, \"required\": [\"a\", \"b\"]}"),
            TRIE);
    TokenMask start = GrammarMasks.toolCalls(calls, true, 1280, ENDS);
    TokenMask thinking = after(start, "call <tool_call> nonsense </tool_call>");
    assertThat(allows(thinking, END)).isTrue();
    TokenMask answer = after(thinking.after(THINK_END), "\n\nSo: ");
    assertThat(answer.allowed()).as("free text").isNull();
    TokenMask call = answer.after(TINY.id("<tool_call>").orElseThrow());
    assertThat(allows(call, END)).isFalse();
    TokenMask open = after(call, "\n{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": ");
    assertThat(allows(open, token("2"))).isTrue();
    assertThat(allows(open, token("\""))).isFalse();
    TokenMask whole = after(open, "2}}\n");
    assertThat(allows(whole, TINY.id("</tool_call>").orElseThrow())).isTrue();
    TokenMask behind = whole.after(TINY.id("</tool_call>").orElseThrow());
    assertThat(behind.allowed()).as("free again").isNull();
    TokenMask second = after(behind, "\n<tool_call>{\"name\": \"weather\", \"arguments\": {\"ci");
    assertThat(allows(second, token("t"))).isTrue();
    assertThat(allows(second, token("x"))).isFalse();
    assertThatThrownBy(() -> after(call, "{\"name\": \"none\""))
        .isInstanceOf(IllegalStateException.class);
  }
}
