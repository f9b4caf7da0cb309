package dev.qwq.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.time.OffsetTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The schemas of {@code schemas.json}, with texts that are values of them and texts that are not.
 */
record SchemaCases(String keyword, String schema, List<String> valid, List<String> invalid) {
  private static final JsonSchemaFactory FACTORY =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);

  /** All cases; those whose schema is refused only if wanted. */
  static List<SchemaCases> read(boolean refused) {
    List<SchemaCases> cases = new ArrayList<>();
    try (InputStream in = SchemaCases.class.getResourceAsStream("schemas.json")) {
      JsonNode root = new ObjectMapper().readTree(in);
      for (Map.Entry<String, JsonNode> keyword : root.properties()) {
        for (JsonNode one : keyword.getValue()) {
          if (one.has("error") == refused) {
            String name = one.has("error") ? one.get("error").asText() : keyword.getKey();
            cases.add(
                new SchemaCases(
                    name,
                    one.get("schema").toString(),
                    list(one.path("valid")),
                    list(one.path("invalid"))));
          }
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return cases;
  }

  private static List<String> list(JsonNode texts) {
    List<String> list = new ArrayList<>();
    texts.forEach(text -> list.add(text.asText()));
    return list;
  }

  /** Whether the independent validator can take the schema: it follows circles for ever. */
  boolean hasOracle() {
    return !schema.contains("{\"$ref\":\"#\"},");
  }

  /** What the independent validator has against a text. */
  List<String> complaints(String text) {
    JsonSchema validator = FACTORY.getSchema(schema);
    return validator
        .validate(
            text,
            InputFormat.JSON,
            context -> context.getExecutionConfig().setFormatAssertionsEnabled(true))
        .stream()
        .map(Object::toString)
        .filter(complaint -> !isMistaken(complaint, text))
        .toList();
  }

  /**
   * Where the validator is wrong: it takes the local hour less the offset and wants it below 24, it
   * knows which top-level domains there are, and it divides as {@code double}.
   */
  private static boolean isMistaken(String complaint, String text) {
    if (complaint.contains("RFC 3339 time")) {
      return OffsetTime.parse(text.replace("\"", "")) != null;
    }
    if (complaint.contains("RFC 5321 Mailbox")) {
      return text.matches("\"[\\w+.-]{1,64}@([a-zA-Z0-9-]{1,63}\\.)+[a-zA-Z]{2,63}\"");
    }
    int at = complaint.indexOf("must be multiple of ");
    return at >= 0
        && new BigDecimal(text).remainder(new BigDecimal(complaint.substring(at + 20))).signum()
            == 0;
  }

  @Override
  public String toString() {
    return keyword + " " + schema;
  }
}
