package dev.qwq.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.grammar.SchemaParts.Part;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Compiles schema objects that all hold at once, without references and choices. */
final class ValueCompiler {
  /** JSON's types; whole numbers are a type of their own. */
  enum Type {
    OBJECT,
    ARRAY,
    STRING,
    INTEGER,
    FRACTION,
    BOOLEAN,
    NULL
  }

  private final SchemaCompiler schemas;
  private final List<Part> own;

  ValueCompiler(SchemaCompiler schemas, List<Part> own) {
    this.schemas = schemas;
    this.own = own;
  }

  /** Adds the values as alternatives. */
  void addTo(AlternativesNode node) {
    Set<Type> types = types(own);
    List<JsonNode> values = Values.allowed(own);
    if (values != null) {
      addValues(values, types, node);
      return;
    }
    boolean anyString = !Strings.isConstrained(own);
    boolean anyNumber = !Numbers.isConstrained(own);
    if (anyString
        && anyNumber
        && types.containsAll(
            EnumSet.of(Type.STRING, Type.INTEGER, Type.FRACTION, Type.BOOLEAN, Type.NULL))) {
      node.add(JsonSyntax.SCALAR);
    } else {
      if (types.contains(Type.STRING)) {
        node.add(
            anyString ? JsonSyntax.STRING : Terminal.of(JsonStrings.spellings(Strings.texts(own))));
      }
      if (types.contains(Type.FRACTION)) {
        node.add(anyNumber ? JsonSyntax.NUMBER : Terminal.of(Numbers.any(own)));
      } else if (types.contains(Type.INTEGER)) {
        node.add(anyNumber ? JsonSyntax.INTEGER : Terminal.of(Numbers.whole(own)));
      }
      if (types.contains(Type.BOOLEAN)) {
        node.add(JsonSyntax.BOOLEAN);
      }
      if (types.contains(Type.NULL)) {
        node.add(JsonSyntax.NULL);
      }
    }
    if (types.contains(Type.ARRAY)) {
      node.add(new ArrayCompiler(schemas, own).compile());
    }
    if (types.contains(Type.OBJECT)) {
      node.add(new ObjectCompiler(schemas, own).compile());
    }
  }

  /** The types that all parts allow. */
  static Set<Type> types(List<Part> parts) {
    Set<Type> types = EnumSet.allOf(Type.class);
    for (Part part : parts) {
      JsonNode type = part.node().path("type");
      if (type.isTextual()) {
        types.retainAll(named(part, type));
      } else if (type.isArray() && !type.isEmpty()) {
        Set<Type> any = EnumSet.noneOf(Type.class);
        type.forEach(name -> any.addAll(named(part, name)));
        types.retainAll(any);
      } else if (!type.isMissingNode()) {
        throw part.error("type", "expected a type or a list of types, found " + type);
      }
    }
    return types;
  }

  private static Set<Type> named(Part part, JsonNode name) {
    return switch (name.asText()) {
      case "object" -> EnumSet.of(Type.OBJECT);
      case "array" -> EnumSet.of(Type.ARRAY);
      case "string" -> EnumSet.of(Type.STRING);
      case "number" -> EnumSet.of(Type.INTEGER, Type.FRACTION);
      case "integer" -> EnumSet.of(Type.INTEGER);
      case "boolean" -> EnumSet.of(Type.BOOLEAN);
      case "null" -> EnumSet.of(Type.NULL);
      default ->
          throw part.error(
              "type",
              "expected object, array, string, number, integer, boolean or null, found " + name);
    };
  }

  /** Adds those of the values that the other keywords allow. */
  private void addValues(List<JsonNode> values, Set<Type> types, AlternativesNode node) {
    List<String> scalars = new ArrayList<>();
    AlternativesNode others = new AlternativesNode();
    List<Part> rest = Values.without(own);
    new ValueCompiler(schemas, rest).addTo(others);
    boolean possible = Productivity.prune(others);
    for (JsonNode value : values) {
      String text = Values.text(value);
      if (possible && types.contains(Values.type(value)) && matches(others, text)) {
        if (value.isContainerNode()) {
          node.add(Values.node(value));
        } else {
          scalars.add(text);
        }
      }
    }
    if (!scalars.isEmpty()) {
      node.add(Terminal.of(RegexAutomaton.whole(Regexes.oneOf(scalars))));
    }
  }

  private static boolean matches(Node node, String text) {
    return Positions.start(node).next(text.getBytes(StandardCharsets.UTF_8)).mayEndText();
  }
}
