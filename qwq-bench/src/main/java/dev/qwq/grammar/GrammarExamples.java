package dev.qwq.grammar;

/** Schemas and answers to measure with. */
final class GrammarExamples {
  private static final String RECORD =
      """
      {"type": "object", "properties": {
        "city": {"type": "string"},
        "country": {"enum": ["China", "France", "Germany", "India", "Japan", "USA"]},
        "celsius": {"type": "number"},
        "summary": {"type": "string"},
        "hours": {"type": "array", "items": {"type": "object", "properties": {
          "hour": {"type": "integer", "minimum": 0, "maximum": 23},
          "sky": {"enum": ["clear", "cloudy", "rain"]},
          "wind": {"anyOf": [{"type": "number"}, {"type": "null"}]}},
          "required": ["hour", "sky"], "additionalProperties": false}}},
        "required": ["city", "celsius", "summary", "hours"], "additionalProperties": false}
      """;

  private static final String ANSWER =
      """
      {
        "city": "Hangzhou",
        "country": "China",
        "celsius": 21.5,
        "summary": "A mild day with light rain from noon on, and \\"some\\" wind: bring an umbrella. 杭州今天有小雨。",
        "hours": [
          {"hour": 9, "sky": "clear", "wind": 3.5},
          {"hour": 12, "sky": "rain"},
          {"hour": 15, "sky": "cloudy", "wind": null}
        ]
      }\
      """;

  private static final String LIMITS =
      """
      {"type": "object", "properties": {
        "id": {"type": "string", "format": "uuid"},
        "day": {"type": "string", "format": "date"},
        "mail": {"type": "string", "format": "email"},
        "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4,8}$"},
        "title": {"type": "string", "minLength": 1, "maxLength": 200}},
        "required": ["id", "day", "mail", "code", "title"]}
      """;

  private static final String LIMITED =
      "{\"id\": \"123e4567-e89b-12d3-a456-426614174000\", \"day\": \"2024-02-29\", \"mail\":"
          + " \"ada.lovelace@example.org\", \"code\": \"AB-12345\", \"title\": \"On the Analytical"
          + " Engine, and what it may be asked to do\"}";

  private static final String TREE =
      """
      {"$defs": {"node": {"type": "object", "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
        "required": ["name", "children"]}}, "$ref": "#/$defs/node"}
      """;

  private GrammarExamples() {}

  static String schema(String name) {
    return switch (name) {
      case "record" -> RECORD;
      case "json" -> "{}";
      case "limits" -> LIMITS;
      case "tree" -> TREE;
      default -> throw new IllegalArgumentException("no schema " + name);
    };
  }

  static String answer(String name) {
    return switch (name) {
      case "limits" -> LIMITED;
      case "tree" -> tree(6);
      default -> ANSWER;
    };
  }

  private static String tree(int depth) {
    String children =
        depth == 0 ? "" : tree(depth - 1) + ", {\"name\": \"leaf\", \"children\": []}";
    return "{\"name\": \"level " + depth + "\", \"children\": [" + children + "]}";
  }
}
