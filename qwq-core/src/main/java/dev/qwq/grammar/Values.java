package dev.qwq.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.qwq.grammar.SchemaParts.Kind;
import dev.qwq.grammar.SchemaParts.Part;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values that a schema lists: {@code enum} and {@code const}. */
final class Values {
  private Values() {}

  /** The values that all lists have, or null if there is no list. */
  static @Nullable List<JsonNode> allowed(List<Part> parts) {
    List<JsonNode> values = null;
    for (Part part : parts) {
      JsonNode list = part.node().get("enum");
      if (list != null) {
        if (!list.isArray()) {
          throw part.error("enum", "expected an array, found " + list);
        }
        List<JsonNode> all = new ArrayList<>();
        list.forEach(all::add);
        values = common(values, all);
      }
      JsonNode constant = part.node().get("const");
      if (constant != null) {
        values = common(values, List.of(constant));
      }
    }
    return values;
  }

  private static List<JsonNode> common(@Nullable List<JsonNode> values, List<JsonNode> others) {
    return values == null
        ? others
        : values.stream()
            .filter(value -> others.stream().anyMatch(other -> same(value, other)))
            .toList();
  }

  /** Whether two values are equal as JSON Schema has it: 1 and 1.0 are. */
  static boolean same(JsonNode one, JsonNode two) {
    if (one.isNumber() && two.isNumber()) {
      return one.decimalValue().compareTo(two.decimalValue()) == 0;
    }
    if (one.size() != two.size() || one.getNodeType() != two.getNodeType()) {
      return false;
    }
    if (one.isArray()) {
      for (int i = 0; i < one.size(); i++) {
        if (!same(one.get(i), two.get(i))) {
          return false;
        }
      }
      return true;
    }
    if (one.isObject()) {
      for (Map.Entry<String, JsonNode> entry : one.properties()) {
        JsonNode other = two.get(entry.getKey());
        if (other == null || !same(entry.getValue(), other)) {
          return false;
        }
      }
      return true;
    }
    return one.equals(two);
  }

  /** The parts without their lists. */
  static List<Part> without(List<Part> parts) {
    return parts.stream()
        .map(
            part -> {
              ObjectNode rest = part.node().deepCopy();
              rest.remove(List.of("enum", "const"));
              return new Part(Kind.OWN, rest, part.pointer());
            })
        .toList();
  }

  /** A text's bytes. */
  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** A value's type. */
  static ValueCompiler.Type type(JsonNode value) {
    return switch (value.getNodeType()) {
      case OBJECT -> ValueCompiler.Type.OBJECT;
      case ARRAY -> ValueCompiler.Type.ARRAY;
      case STRING -> ValueCompiler.Type.STRING;
      case BOOLEAN -> ValueCompiler.Type.BOOLEAN;
      case NUMBER -> isWhole(value) ? ValueCompiler.Type.INTEGER : ValueCompiler.Type.FRACTION;
      default -> ValueCompiler.Type.NULL;
    };
  }

  private static boolean isWhole(JsonNode number) {
    return number.decimalValue().stripTrailingZeros().scale() <= 0;
  }

  /** A value as JSON without blank space. */
  static String text(JsonNode value) {
    return switch (value.getNodeType()) {
      case STRING -> JsonStrings.spelling(value.textValue());
      case NUMBER -> number(value);
      case ARRAY -> {
        List<String> elements = new ArrayList<>();
        value.forEach(element -> elements.add(text(element)));
        yield "[" + String.join(",", elements) + "]";
      }
      case OBJECT -> {
        List<String> properties = new ArrayList<>();
        value
            .properties()
            .forEach(
                entry ->
                    properties.add(
                        JsonStrings.spelling(entry.getKey()) + ":" + text(entry.getValue())));
        yield "{" + String.join(",", properties) + "}";
      }
      default -> value.toString();
    };
  }

  private static String number(JsonNode value) {
    BigDecimal number = value.decimalValue();
    return isWhole(value) && number.precision() - number.scale() <= Integers.MAX_DIGITS
        ? number.toBigInteger().toString()
        : number.toPlainString();
  }

  /** A grammar of one value, with the blank space that JSON has elsewhere. */
  static Node node(JsonNode value) {
    if (value.isArray()) {
      List<Node> elements = new ArrayList<>();
      value.forEach(element -> elements.add(node(element)));
      return new ArrayNode(elements, null, elements.size(), elements.size());
    }
    if (value.isObject()) {
      List<dev.qwq.grammar.ObjectNode.Property> properties = new ArrayList<>();
      value
          .properties()
          .forEach(
              entry ->
                  properties.add(
                      dev.qwq.grammar.ObjectNode.Property.of(
                          entry.getKey(), node(entry.getValue()), true)));
      return new dev.qwq.grammar.ObjectNode(properties, List.of(), 0, Regex.UNBOUNDED);
    }
    return Terminal.of(RegexAutomaton.whole(Regexes.literal(text(value))));
  }
}
