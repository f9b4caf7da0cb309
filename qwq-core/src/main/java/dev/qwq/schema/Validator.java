package dev.qwq.schema;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Walks a value and its schema together. See {@link SchemaCheck}. */
final class Validator {
  /** Deeper values, and references that lead in circles, are refused. */
  private static final int MAX_DEPTH = 200;

  private final Map<?, ?> root;
  private final boolean nullIsAbsent;

  private Validator(Map<?, ?> root, boolean nullIsAbsent) {
    this.root = root;
    this.nullIsAbsent = nullIsAbsent;
  }

  /** Where the walk is, and what it found wrong so far. */
  private record Place(String path, int depth, List<String> violations) {
    Place inside(Object key) {
      return new Place(path.isEmpty() ? "" + key : path + "." + key, depth + 1, violations);
    }

    Place item(int index) {
      return new Place(path + "[" + index + "]", depth + 1, violations);
    }

    /** The same place; what is wrong with it may not count. */
    Place trial() {
      return new Place(path, depth + 1, new ArrayList<>());
    }

    void report(String expected, String found) {
      String where = path.isEmpty() ? "" : path + ": ";
      violations.add(where + "expected " + expected + ", found " + found);
    }
  }

  /**
   * Checks a value.
   *
   * @param nullIsAbsent whether null is the same as nothing where a property is not required
   */
  static List<String> violations(Map<?, ?> schema, @Nullable Object value, boolean nullIsAbsent) {
    Place top = new Place("", 0, new ArrayList<>());
    new Validator(schema, nullIsAbsent).check(schema, value, top);
    return List.copyOf(top.violations);
  }

  private void check(@Nullable Object schema, @Nullable Object value, Place place) {
    if (place.depth > MAX_DEPTH) {
      place.report("at most " + MAX_DEPTH + " levels", "more");
    } else if (schema instanceof Map<?, ?> keywords) {
      checkKeywords(keywords, value, place);
    } else if (Boolean.FALSE.equals(schema)) {
      place.report("nothing", JsonValue.show(value));
    }
  }

  private void checkKeywords(Map<?, ?> schema, @Nullable Object value, Place place) {
    if (schema.get("$ref") instanceof String reference) {
      Object target = References.resolve(root, reference);
      check(target, value, new Place(place.path, place.depth + 1, place.violations));
    }
    if (!JsonValue.hasType(schema.get("type"), value)) {
      place.report(JsonValue.showTypes(schema.get("type")), JsonValue.show(value));
      return; // what else is wrong follows from that
    }
    if (schema.containsKey("const") && !JsonValue.same(schema.get("const"), value)) {
      place.report(JsonValue.show(schema.get("const")), JsonValue.show(value));
    }
    if (schema.get("enum") instanceof List<?> values
        && values.stream().noneMatch(allowed -> JsonValue.same(allowed, value))) {
      place.report("one of " + JsonValue.show(values), JsonValue.show(value));
    }
    for (String expected : Limits.exceeded(schema, value)) {
      place.report(expected, JsonValue.show(value));
    }
    if (value instanceof List<?> list && schema.containsKey("items")) {
      for (int i = 0; i < list.size(); i++) {
        check(schema.get("items"), list.get(i), place.item(i));
      }
    } else if (value instanceof Map<?, ?> object) {
      checkProperties(schema, object, place);
    }
    checkCombinations(schema, value, place);
  }

  private void checkProperties(Map<?, ?> schema, Map<?, ?> object, Place place) {
    Map<?, ?> properties = schema.get("properties") instanceof Map<?, ?> map ? map : Map.of();
    List<?> required = schema.get("required") instanceof List<?> list ? list : List.of();
    for (Object key : required) {
      if (!object.containsKey(key)) {
        place.inside(String.valueOf(key)).report("a value", "nothing");
      }
    }
    Object others = schema.get("additionalProperties");
    object.forEach(
        (key, value) -> {
          boolean known = properties.containsKey(key);
          if (known && value == null && nullIsAbsent && !required.contains(key)) {
            return;
          }
          if (known) {
            check(properties.get(key), value, place.inside(key));
          } else if (Boolean.FALSE.equals(others)) {
            place.report(
                properties.isEmpty() ? "no properties" : "only " + properties.keySet(),
                String.valueOf(key));
          } else if (others != null) {
            check(others, value, place.inside(key));
          }
        });
  }

  private void checkCombinations(Map<?, ?> schema, @Nullable Object value, Place place) {
    if (schema.get("allOf") instanceof List<?> all) {
      for (Object part : all) {
        check(part, value, new Place(place.path, place.depth + 1, place.violations));
      }
    }
    if (schema.get("anyOf") instanceof List<?> any) {
      countMatches(any, value, place);
    }
    if (schema.get("oneOf") instanceof List<?> one) {
      int matches = countMatches(one, value, place);
      if (matches > 1) {
        place.report("exactly one alternative to match", matches + " that do");
      }
    }
  }

  /** Counts alternatives that match; none is a violation. */
  private int countMatches(List<?> alternatives, @Nullable Object value, Place place) {
    int matches = 0;
    List<String> meant = List.of();
    for (Object alternative : alternatives) {
      Place trial = place.trial();
      check(alternative, value, trial);
      if (trial.violations.isEmpty()) {
        matches++;
      } else if (References.isMeant(root, alternative, value)) {
        meant = trial.violations;
      }
    }
    if (matches == 0 && !meant.isEmpty()) {
      place.violations.addAll(meant);
    } else if (matches == 0) {
      place.report("one of " + References.describe(root, alternatives), JsonValue.show(value));
    }
    return matches;
  }
}
