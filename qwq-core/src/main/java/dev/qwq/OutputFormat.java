package dev.qwq;

import dev.qwq.grammar.AnswerGrammar;
import dev.qwq.schema.JsonType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What an answer must look like. The model can write nothing else: of each next token only those
 * are drawn with which the text can go on. It thinks freely before; the format holds from the end
 * of the thinking on, and such a reply ends only when its answer is complete.
 *
 * <p>What the model does not know it cannot aim at: say in the prompt what is wanted, with {@link
 * #instruction()} for example. {@link Session#ask(String, Class)} does so by itself.
 *
 * <p>While a format is set, tools are not called. Immutable and safe for use by many threads.
 */
public final class OutputFormat {
  private static final int MAX_COMPILED = 64;

  private static final Map<String, AnswerGrammar> COMPILED =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, AnswerGrammar> eldest) {
          return size() > MAX_COMPILED;
        }
      };

  private final AnswerGrammar grammar;
  private final String instruction;

  private OutputFormat(AnswerGrammar grammar, String instruction) {
    this.grammar = grammar;
    this.instruction = instruction;
  }

  /**
   * JSON that can be read into a Java type.
   *
   * @param type a record, an enum, a sealed interface of records, or another type that {@link
   *     JsonType} knows
   * @return the format
   * @throws QwqException with {@code INVALID_ARGUMENT}, naming the class and component whose type
   *     has no JSON Schema
   */
  public static OutputFormat json(Class<?> type) {
    return json(JsonType.of(type));
  }

  /**
   * JSON that can be read into a Java type.
   *
   * @param type describes the type; one with type arguments, for example
   * @return the format
   */
  public static OutputFormat json(JsonType<?> type) {
    return jsonSchema(JsonType.of(Object.class).write(type.schema()));
  }

  /**
   * JSON that is valid under a schema.
   *
   * <p>Supported of draft 2020-12 are {@code type}, {@code enum}, {@code const}, {@code
   * properties}, {@code required}, {@code additionalProperties}, {@code patternProperties}, {@code
   * propertyNames}, {@code minProperties}, {@code maxProperties}, {@code items}, {@code
   * prefixItems}, {@code minItems}, {@code maxItems}, {@code minLength}, {@code maxLength}, {@code
   * pattern}, {@code format}, {@code minimum}, {@code maximum}, {@code exclusiveMinimum}, {@code
   * exclusiveMaximum}, {@code multipleOf}, {@code anyOf}, {@code allOf}, {@code $ref} inside the
   * schema (recursion too), and {@code oneOf} where no value can be valid in two branches. Every
   * answer is valid; not everything valid is written: properties come in the schema's order, those
   * that are not named only where {@code additionalProperties} asks for them, and numbers have at
   * most 18 digits before the point.
   *
   * @param schema its text
   * @return the format
   * @throws QwqException with {@code INVALID_ARGUMENT}, naming the place as a JSON pointer, if the
   *     schema is malformed, has a keyword that is not supported, or has no valid value
   */
  public static OutputFormat jsonSchema(String schema) {
    return new OutputFormat(
        compiled("schema ", schema, () -> AnswerGrammar.jsonSchema(schema)),
        "Answer with JSON only, without Markdown, that is valid under this JSON Schema:\n"
            + schema);
  }

  /**
   * Text that a regular expression matches from beginning to end. Blank space around an answer is
   * not part of {@link Reply#answer()}.
   *
   * @param pattern what the regular expressions of Java and JavaScript have in common, without
   *     look-around, back-references, word boundaries, possessive quantifiers and flags
   * @return the format
   * @throws QwqException with {@code INVALID_ARGUMENT}, naming construct and position, if the
   *     expression is malformed or not supported, or matches nothing
   */
  public static OutputFormat regex(String pattern) {
    return new OutputFormat(
        compiled("regex ", pattern, () -> AnswerGrammar.regex(pattern)),
        "Answer with a text that matches this regular expression, and nothing else: " + pattern);
  }

  /**
   * One of several texts, as it is.
   *
   * @param texts at least one, none empty
   * @return the format
   * @throws QwqException with {@code INVALID_ARGUMENT} if there is no text, or an empty one
   */
  public static OutputFormat choice(String... texts) {
    List<String> list = checked(texts);
    return new OutputFormat(
        compiled("one of ", list.toString(), () -> AnswerGrammar.oneOf(list)),
        "Answer with one of these, and nothing else: " + String.join(", ", texts));
  }

  /**
   * A choice in the form that QwQ's model card recommends: {@code {"answer": "C"}}. The {@link
   * #instruction()} is the card's sentence.
   *
   * @param letters the choices, {@code "A", "B", "C", "D"} say
   * @return the format
   * @throws QwqException with {@code INVALID_ARGUMENT} if there is no letter, or an empty one
   */
  public static OutputFormat answerField(String... letters) {
    Map<String, Object> answer = Map.of("enum", checked(letters));
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", "object");
    schema.put("properties", Map.of("answer", answer));
    schema.put("required", List.of("answer"));
    schema.put("additionalProperties", false);
    return new OutputFormat(
        jsonSchema(JsonType.of(Object.class).write(schema)).grammar,
        "Please show your choice in the `answer` field with only the choice letter, e.g.,"
            + "`\"answer\": \""
            + letters[Math.min(2, letters.length - 1)]
            + "\"`.");
  }

  /** A grammar that was made before, if it is one of the last: models know its masks then. */
  private static AnswerGrammar compiled(String kind, String text, Supplier<AnswerGrammar> maker) {
    synchronized (COMPILED) {
      return COMPILED.computeIfAbsent(kind + text, key -> maker.get());
    }
  }

  private static List<String> checked(String... texts) {
    List<String> list = List.of(texts);
    if (list.isEmpty() || list.contains("")) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "choice: expected at least one text, and none empty, found " + list);
    }
    return list;
  }

  /**
   * Returns a sentence that tells a model about this format, for the end of a prompt.
   *
   * @return the sentence, with the schema if there is one
   */
  public String instruction() {
    return instruction;
  }

  /** The grammar of the answer. */
  AnswerGrammar grammar() {
    return grammar;
  }

  @Override
  public String toString() {
    return instruction;
  }
}
