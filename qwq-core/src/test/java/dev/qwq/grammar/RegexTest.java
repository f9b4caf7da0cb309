package dev.qwq.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.QwqException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Regular expressions match what those of the JDK do. */
class RegexTest {
  private static final long SEED = 99;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "abc|abd|b",
        "a*b+c?",
        "(ab|a)(bc|c)",
        "(a|b)*abb",
        "a{3}",
        "a{2,}",
        "a{1,3}b{0,2}",
        "(ab){2,3}?c*?",
        "[abc]+",
        "[^abc]+",
        "[a-c1-3_-]*",
        "[\\]\\-^]+",
        "\\d+(\\.\\d{1,2})?",
        "\\w+@\\w+\\.(com|org)",
        "\\s*\\S+\\s*",
        "[\\d\\s]+",
        "[^\\w]+",
        "\\W\\D",
        ".",
        ".*b.*",
        "(?:a|(?<name>b))+",
        "((a?)*b?)*",
        "\\x61\\u0062\\t?",
        "é+|漢字|😀{2}",
        "[à-ü]+[一-龥]?",
        "[😀-😂]+",
        "\\p{L}+",
        "\\p{Lu}\\p{Ll}*",
        "\\P{L}+",
        "[\\p{N}\\p{P}]+",
        "\\p{IsHan}+",
        "^a+$",
        "^(a|b$)",
        "(^a|b)c?",
        "a$|b",
        "a\\.b\\*\\(\\)\\[\\]\\{\\}\\|\\^\\$\\?\\+\\\\/"
      })
  void matchesWhatTheJdkMatches(String pattern) {
    Pattern jdk = Pattern.compile(pattern);
    Regex regex = RegexParser.parse(pattern);
    Dfa whole = RegexAutomaton.whole(regex);
    Dfa anywhere = RegexAutomaton.anywhere(regex);
    Random random = new Random(SEED);
    int matched = 0;
    for (int i = 0; i < 20_000; i++) {
      String text = i % 2 == 0 ? text(random) : near(whole, random);
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      boolean expected = jdk.matcher(text).matches();
      matched += expected ? 1 : 0;
      assertThat(whole.matches(bytes)).as("seed %d: \"%s\"", SEED, text).isEqualTo(expected);
      if (!text.endsWith("\n")) { // where the JDK's $ matches too early
        assertThat(anywhere.matches(bytes))
            .as("seed %d: in \"%s\"", SEED, text)
            .isEqualTo(jdk.matcher(text).find());
      }
    }
    assertThat(matched).as("texts that match").isPositive();
  }

  private static final String[] CHARACTERS = {
    "a", "b", "c", "d", "1", "2", ".", "@", "_", "-", "]", "^", " ", "\t", "\n", "x", "A", "Z", "é",
    "漢", "字", "😀", "😂", "com", "org", "!", "\\", "á"
  };

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    int length = random.nextInt(7);
    int kinds = 1 + random.nextInt(CHARACTERS.length);
    for (int i = 0; i < length; i++) {
      text.append(CHARACTERS[random.nextInt(kinds)]);
    }
    return text.toString();
  }

  /** A text that the automaton itself leads to, changed a little or not. */
  private static String near(Dfa dfa, Random random) {
    byte[] bytes = new byte[24];
    int length = 0;
    int state = 0;
    while (length < bytes.length && !(dfa.accepts(state) && random.nextInt(3) == 0)) {
      int b = -1;
      int seen = 0;
      for (int candidate = 0; candidate < 256; candidate++) {
        boolean usual = candidate < 128 || random.nextInt(8) == 0;
        if (dfa.next(state, candidate) >= 0 && usual && random.nextInt(++seen) == 0) {
          b = candidate;
        }
      }
      if (b < 0) {
        break;
      }
      bytes[length++] = (byte) b;
      state = dfa.next(state, b);
    }
    String text = new String(bytes, 0, length, StandardCharsets.UTF_8);
    return text.contains("\uFFFD") || text.contains("\u0085") || hasOddSpace(text) ? "" : text;
  }

  /** Spaces that the dialects disagree about; what is written is what all accept. */
  private static boolean hasOddSpace(String text) {
    return text.codePoints().anyMatch(c -> c > 127 && (Character.isSpaceChar(c) || c == 0xFEFF))
        || text.indexOf('\u000B') >= 0;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        "a(?=b)~look-ahead~1",
        "a(?!b)~look-ahead~1",
        "(?<=a)b~look-behind~0",
        "x(?<!a)b~look-behind~1",
        "(a)\\1~back-reference~3",
        "(?<n>a)\\k<n>~back-reference~7",
        "\\ba~word boundary~0",
        "a*+~possessive~1",
        "(?>a)~atomic~0",
        "(?i)a~inline flag~0",
        "[a&&b]~operator between classes~2",
        "[a[b]]~class inside a class~2",
        "\\Aa~\\A~0",
        "\\p{Foo}~property \"Foo\"~0",
        "ab)~closing parenthesis~2",
        "(ab~not closed~0",
        "[ab~not closed~0",
        "a{2,1}~maximum is below~1",
        "a{99999}~count above~1",
        "*a~without anything before~0",
        "a**~quantifier after a quantifier~2",
        "[b-a]~backwards~1",
        "a{x}~no count~1",
        "a\\~end where something must follow~2"
      })
  void namesWhatIsNotSupportedAndWhere(String pattern, String construct, int position) {
    assertThatThrownBy(() -> RegexParser.parse(pattern))
        .isInstanceOf(QwqException.class)
        .hasMessageContaining(construct)
        .hasMessageContaining("\"" + pattern + "\"")
        .hasMessageEndingWith("at position " + position);
  }

  @Test
  void refusesAutomataThatAreTooLarge() {
    for (String pattern : List.of("(a|b)*a(a|b){18}", "((a{1000}){1000}){1000}")) {
      assertThatThrownBy(() -> RegexAutomaton.whole(pattern))
          .isInstanceOf(QwqException.class)
          .hasMessageContaining("expected");
    }
  }

  @Test
  void writesSpacesThatAllDialectsAccept() {
    assertThat(RegexAutomaton.whole("\\s").matches("\u00A0".getBytes(StandardCharsets.UTF_8)))
        .isFalse();
    assertThat(RegexAutomaton.whole("\\S").matches("\u00A0".getBytes(StandardCharsets.UTF_8)))
        .isFalse();
    assertThat(RegexAutomaton.whole("[^\\S]").matches("\u00A0".getBytes(StandardCharsets.UTF_8)))
        .isFalse();
  }
}
