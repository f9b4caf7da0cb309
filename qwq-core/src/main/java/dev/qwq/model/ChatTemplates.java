package dev.qwq.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.MalformedFileException;
import dev.qwq.weights.FileErrors;
import dev.qwq.weights.GgufFile;
import dev.qwq.weights.JsonFile;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Finds the chat templates of a model. */
public final class ChatTemplates {
  /** The name of the template that is used unless another is asked for. */
  public static final String DEFAULT = "default";

  private static final String GGUF_KEY = "tokenizer.chat_template";
  private static final String JINJA = ".jinja";
  private static final int MAX_BYTES = 4 << 20;
  private static final int MAX_TEMPLATES = 64;

  private ChatTemplates() {}

  /**
   * Reads the templates of a model; its weights are not touched.
   *
   * @param model a GGUF file, or a Hugging Face folder or a file in it
   * @return the templates by name, {@code default} first if there is one; empty if the model has
   *     none
   * @throws MalformedFileException if a file is damaged
   * @throws dev.qwq.QwqException with {@code FILE_UNREADABLE} if a file cannot be read
   */
  public static Map<String, String> read(Path model) {
    if (ModelFiles.isGguf(model)) {
      try (GgufFile gguf = GgufFile.openMetadata(model)) {
        return fromGguf(gguf);
      }
    }
    return fromFolder(ModelFiles.folderOf(model));
  }

  static Map<String, String> fromGguf(GgufFile gguf) {
    GgufFields fields = new GgufFields(gguf.path(), gguf.metadata());
    Map<String, String> templates = new LinkedHashMap<>();
    fields.text(GGUF_KEY).ifPresent(text -> templates.put(DEFAULT, text));
    for (String key : gguf.metadata().keySet()) {
      if (key.startsWith(GGUF_KEY + ".")) {
        templates.put(key.substring(GGUF_KEY.length() + 1), fields.text(key).orElseThrow());
      }
    }
    return Collections.unmodifiableMap(templates);
  }

  /** A template in a file of its own goes before one in tokenizer_config.json. */
  static Map<String, String> fromFolder(Path folder) {
    Map<String, String> templates = new LinkedHashMap<>();
    Path config = folder.resolve("tokenizer_config.json");
    if (Files.exists(config)) {
      addFromConfig(config, templates);
    }
    Path jinja = folder.resolve("chat_template" + JINJA);
    if (Files.exists(jinja)) {
      templates.put(DEFAULT, readText(jinja));
    }
    Path more = folder.resolve("additional_chat_templates");
    if (Files.isDirectory(more)) {
      templates.putAll(readNamed(more));
    }
    Map<String, String> ordered = new LinkedHashMap<>();
    if (templates.containsKey(DEFAULT)) {
      ordered.put(DEFAULT, templates.get(DEFAULT));
    }
    ordered.putAll(templates);
    return Collections.unmodifiableMap(ordered);
  }

  private static void addFromConfig(Path config, Map<String, String> templates) {
    JsonNode value = JsonFile.readObject(config).path("chat_template");
    if (value.isMissingNode() || value.isNull()) {
      return;
    }
    if (value.isTextual()) {
      templates.put(DEFAULT, value.textValue());
      return;
    }
    for (JsonNode entry : value) {
      String name = JsonFile.text(config, entry, "name");
      String text = JsonFile.text(config, entry, "template");
      if (name == null || text == null) {
        throw notATemplate(config, entry);
      }
      if (templates.putIfAbsent(name, text) != null) {
        throw new MalformedFileException(
            config, "chat_template", "one template named " + name, "a second one");
      }
    }
    if (!value.isArray()) {
      throw notATemplate(config, value);
    }
  }

  private static MalformedFileException notATemplate(Path config, JsonNode found) {
    return new MalformedFileException(
        config,
        "chat_template",
        "a string, or a list of objects with name and template",
        JsonFile.kind(found));
  }

  private static Map<String, String> readNamed(Path folder) {
    Map<String, String> templates = new TreeMap<>();
    try (Stream<Path> entries = Files.list(folder)) {
      List<Path> files =
          entries
              .filter(file -> file.getFileName().toString().endsWith(JINJA))
              .sorted()
              .limit(MAX_TEMPLATES)
              .toList();
      for (Path file : files) {
        String name = file.getFileName().toString();
        templates.put(name.substring(0, name.length() - JINJA.length()), readText(file));
      }
    } catch (IOException e) {
      throw FileErrors.unreadable(folder, e);
    }
    return templates;
  }

  private static String readText(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new MalformedFileException(
            file, "size", "at most " + MAX_BYTES + " bytes", String.valueOf(Files.size(file)));
      }
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new MalformedFileException(file, "text", "UTF-8", String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw FileErrors.unreadable(file, e);
    }
  }
}
