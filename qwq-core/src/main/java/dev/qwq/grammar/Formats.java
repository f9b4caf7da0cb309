package dev.qwq.grammar;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The values of JSON Schema's {@code format}, each a regular expression for the whole text. */
final class Formats {
  private static final String LEAP =
      "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)";
  // The year 0 is left out: some validators have none.
  private static final String DATE =
      "(([0-9]{3}[1-9]|[0-9]{2}[1-9][0-9]|[0-9][1-9][0-9]{2}|[1-9][0-9]{3})-"
          + "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
          + "|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
          + "|02-(0[1-9]|1[0-9]|2[0-8]))"
          + "|"
          + LEAP
          + "-02-29)";
  private static final String CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?";
  private static final String TIME =
      CLOCK + "(Z|[+-](0[0-9]|1[0-7]):[0-5][0-9])"; // offsets as java.time has them, below 18 hours
  private static final String CLOCK_TIME =
      "T([0-9]{1,4}H([0-9]{1,4}M([0-9]{1,4}S)?)?|[0-9]{1,4}M([0-9]{1,4}S)?|[0-9]{1,4}S)";
  private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  private static final String LABEL = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?";
  private static final String HOSTNAME = LABEL + "(\\." + LABEL + "){0,4}";
  private static final String DOMAIN = LABEL + "(\\." + LABEL + "){0,3}\\.[a-zA-Z]{2,16}";
  private static final String NAME_PART = "[a-zA-Z0-9_+-]{1,15}";
  private static final String GROUP = "[0-9a-fA-F]{1,4}";
  private static final String PATH_CHARACTER = "([a-zA-Z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
  private static final String URI =
      "[a-zA-Z][a-zA-Z0-9+.-]{1,15}://"
          + HOSTNAME
          + "(:[1-9][0-9]{0,3})?(/"
          + PATH_CHARACTER
          + "*)*(\\?("
          + PATH_CHARACTER
          + "|[/?])*)?(#("
          + PATH_CHARACTER
          + "|[/?])*)?";

  private static final Map<String, String> PATTERNS =
      Map.ofEntries(
          Map.entry("date", DATE),
          Map.entry("time", TIME),
          Map.entry("date-time", DATE + "T" + TIME),
          Map.entry("local-time", CLOCK),
          Map.entry("local-date-time", DATE + "T" + CLOCK),
          // Days and times: what java.time.Duration reads of it.
          Map.entry("duration", "P([0-9]{1,4}D(" + CLOCK_TIME + ")?|" + CLOCK_TIME + ")"),
          Map.entry(
              "uuid",
              "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"),
          Map.entry("email", NAME_PART + "(\\." + NAME_PART + "){0,3}@" + DOMAIN),
          Map.entry("hostname", HOSTNAME),
          Map.entry("ipv4", OCTET + "(\\." + OCTET + "){3}"),
          Map.entry(
              "ipv6",
              "("
                  + GROUP
                  + "(:"
                  + GROUP
                  + "){7}|(("
                  + GROUP
                  + "(:"
                  + GROUP
                  + "){0,2})?)::("
                  + GROUP
                  + "(:"
                  + GROUP
                  + "){0,3})?)"),
          Map.entry("uri", URI));

  private static final Map<String, Dfa> COMPILED = new ConcurrentHashMap<>();

  private Formats() {}

  /** Returns the texts of a format, or null if it is not known. */
  static @Nullable Dfa find(String name) {
    String pattern = PATTERNS.get(name);
    return pattern == null
        ? null
        : COMPILED.computeIfAbsent(name, key -> RegexAutomaton.whole(pattern));
  }

  /** The known formats, in order. */
  static Set<String> names() {
    return new TreeSet<>(PATTERNS.keySet());
  }
}
