package dev.qwq.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import dev.qwq.grammar.SchemaParts.Kind;
import dev.qwq.grammar.SchemaParts.Part;
import java.util.ArrayList;
import java.util.List;

/** Compiles what schemas say about arrays. */
final class ArrayCompiler {
  private final SchemaCompiler schemas;
  private final List<Part> own;

  ArrayCompiler(SchemaCompiler schemas, List<Part> own) {
    this.schemas = schemas;
    this.own = own;
  }

  ArrayNode compile() {
    int prefix = 0;
    for (Part part : own) {
      prefix = Math.max(prefix, part.node().path("prefixItems").size());
      if (part.node().path("items").isArray()) {
        throw part.error("items", "expected a schema; lists of schemas are \"prefixItems\"");
      }
    }
    List<Node> first = new ArrayList<>();
    for (int i = 0; i < prefix; i++) {
      first.add(element(i));
    }
    return new ArrayNode(
        first,
        element(prefix),
        Keywords.atLeast(own, "minItems"),
        Keywords.atMost(own, "maxItems"));
  }

  private Node element(int index) {
    List<Part> all = new ArrayList<>();
    for (Part part : own) {
      JsonNode prefix = part.node().path("prefixItems");
      if (index < prefix.size()) {
        all.add(part.child(prefix.get(index), "prefixItems", String.valueOf(index)));
      } else if (part.node().has("items")) {
        all.add(part.child(part.node().get("items"), "items"));
      }
    }
    if (all.isEmpty()) {
      all.add(new Part(Kind.WHOLE, BooleanNode.TRUE, ""));
    }
    return schemas.compile(all);
  }
}
