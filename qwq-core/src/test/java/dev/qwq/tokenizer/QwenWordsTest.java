package dev.qwq.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class QwenWordsTest {
  // An independent engine; its flags give \s and caseless matching their Unicode meaning.
  private static final Pattern EXPRESSION =
      Pattern.compile(
          TokenizerJson.QWEN2_PATTERN.replace("(?i:", "(?iu:"), Pattern.UNICODE_CHARACTER_CLASS);

  private static final String[] SAMPLES = {
    "a",
    "Z",
    "s",
    "S",
    "t",
    "re",
    "RE",
    "vE",
    "m",
    "ll",
    "lL",
    "d",
    "\u017F",
    "\u00E9",
    "\u4E2D",
    "\u0E01",
    "\u0E31",
    "\u0301",
    "\u02B0",
    "\uD835\uDC00",
    "\uD801\uDC00",
    "1",
    "9",
    "\u00BD",
    "\u2164",
    "\u0663",
    "\uD835\uDFCE",
    " ",
    "  ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\u000B",
    "\f",
    "\u0085",
    "\u00A0",
    "\u1680",
    "\u180E",
    "\u2003",
    "\u2028",
    "\u2029",
    "\u202F",
    "\u205F",
    "\u3000",
    "\u200B",
    "\uFEFF",
    "\u001C",
    "\u001F",
    "\0",
    "'",
    "\u2019",
    "\"",
    ".",
    ",",
    "!",
    "<",
    "|",
    ">",
    "_",
    "-",
    "$",
    "\u20AC",
    "\uD83D\uDE00",
    "\u200D",
    "\uFE0F",
    "\uE000",
    "\uFFFD"
  };

  @Test
  void cutsAsTheExpressionDoes() {
    long seed = 20_260_302;
    Random random = new Random(seed);
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = 1 + random.nextInt(12); i > 0; i--) {
        text.append(SAMPLES[random.nextInt(SAMPLES.length)]);
      }
      assertThat(words(text.toString()))
          .as("seed %d, round %d", seed, round)
          .isEqualTo(wordsByExpression(text.toString()));
    }
  }

  @Test
  void classifiesEveryCodePointAsTheExpressionDoes() {
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
        continue;
      }
      // Between letters, digits, blanks and symbols each class cuts differently.
      String text = "a" + Character.toString(c) + "a1" + Character.toString(c) + " !";
      assertThat(words(text)).as("U+%04X", c).isEqualTo(wordsByExpression(text));
    }
  }

  @Test
  void longSIsAnS() {
    assertThat(words("x'\u017Fy")).containsExactly("x", "'\u017F", "y");
    assertThat(words("x'Sy")).containsExactly("x", "'S", "y");
    assertThat(words("x'\u00DFy")).containsExactly("x", "'\u00DFy");
  }

  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    for (int at = 0; at < text.length(); ) {
      int end = QwenWords.end(text, at, text.length());
      words.add(text.substring(at, end));
      at = end;
    }
    return words;
  }

  private static List<String> wordsByExpression(String text) {
    List<String> words = new ArrayList<>();
    Matcher matcher = EXPRESSION.matcher(text);
    int end = 0;
    while (matcher.find()) {
      assertThat(matcher.start()).isEqualTo(end); // the expression leaves nothing out
      words.add(matcher.group());
      end = matcher.end();
    }
    assertThat(end).isEqualTo(text.length());
    return words;
  }
}
