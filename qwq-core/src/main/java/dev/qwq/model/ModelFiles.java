package dev.qwq.model;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tells the two kinds of models apart: a GGUF file, or a Hugging Face folder. */
final class ModelFiles {
  private ModelFiles() {}

  /**
   * Tells whether a path is to be read as GGUF: every file that is not plainly part of a folder, so
   * that a wrong file is told by its magic.
   */
  static boolean isGguf(Path model) {
    if (!Files.exists(model)) {
      throw new QwqException(ErrorCode.FILE_UNREADABLE, model + ": no such file or folder");
    }
    String name = String.valueOf(model.getFileName());
    return !Files.isDirectory(model) && !name.endsWith(".safetensors") && !name.endsWith(".json");
  }

  /** Returns the folder that a model which is no GGUF file lies in. */
  static Path folderOf(Path model) {
    if (Files.isDirectory(model)) {
      return model;
    }
    Path parent = model.getParent();
    return parent == null ? Path.of("") : parent;
  }
}
