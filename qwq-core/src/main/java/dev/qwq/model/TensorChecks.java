package dev.qwq.model;

import dev.qwq.MalformedFileException;
import dev.qwq.UnsupportedModelException;
import dev.qwq.weights.DType;
import dev.qwq.weights.Excerpt;
import dev.qwq.weights.GgufFile;
import dev.qwq.weights.SafetensorsFolder;
import dev.qwq.weights.TensorInfo;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Checks that a model has exactly the tensors its configuration asks for. */
final class TensorChecks {
  private TensorChecks() {}

  /** Returns the tensors of a GGUF file in the order of a forward pass. */
  static Map<String, TensorInfo> gguf(GgufFile gguf, ModelConfig config) {
    Map<String, TensorInfo> found = new HashMap<>(gguf.tensors());
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    for (Qwen2Tensors.Expected expected : Qwen2Tensors.of(config)) {
      TensorInfo tensor = found.remove(expected.name());
      tensors.put(expected.name(), check(gguf.path(), expected.name(), expected, tensor));
    }
    for (String name : gguf.tensors().keySet()) {
      if (found.containsKey(name)) {
        throw surplus(gguf.path(), name, config);
      }
    }
    return tensors;
  }

  /** Returns the tensors of a folder under their GGUF names, in the order of a forward pass. */
  static Map<String, TensorInfo> huggingFace(
      Path folder, SafetensorsFolder weights, ModelConfig config) {
    Map<String, String> names = new HashMap<>();
    for (String name : weights.tensors().keySet()) {
      Optional<String> canonical = Qwen2Tensors.fromHuggingFace(name);
      if (canonical.isEmpty() && !isBuffer(name)) {
        throw surplus(weights.fileOf(name), name, config);
      }
      if (canonical.isPresent() && names.put(canonical.get(), name) != null) {
        throw new MalformedFileException(
            weights.fileOf(name), name, "a tensor that is there once", "it a second time");
      }
    }
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    for (Qwen2Tensors.Expected expected : Qwen2Tensors.of(config)) {
      String own = Qwen2Tensors.toHuggingFace(expected.name());
      String name = names.remove(expected.name());
      TensorInfo tensor = name == null ? null : weights.tensors().get(name);
      Path file = name == null ? folder : weights.fileOf(name);
      tensors.put(expected.name(), check(file, own, expected, tensor).withName(expected.name()));
    }
    if (config.tiedEmbeddings()) {
      names.remove("output.weight"); // some writers save the shared matrix twice
    }
    for (String name : names.values()) {
      throw surplus(weights.fileOf(name), name, config);
    }
    return tensors;
  }

  private static TensorInfo check(
      Path file, String name, Qwen2Tensors.Expected expected, @Nullable TensorInfo tensor) {
    if (tensor == null) {
      throw new MalformedFileException(
          file, name, "a tensor of shape " + expected.shape(), "no such tensor");
    }
    if (!tensor.shape().equals(expected.shape())) {
      throw new MalformedFileException(
          file,
          name,
          "shape " + expected.shape() + " as the configuration says",
          tensor.shape().toString());
    }
    boolean usable = expected.isVector() ? tensor.dtype().isFloat() : tensor.dtype().isRunnable();
    if (!usable) {
      List<DType> supported =
          expected.isVector()
              ? DType.runnable().stream().filter(DType::isFloat).toList()
              : DType.runnable();
      throw new UnsupportedModelException(
          file, name + " type", supported.toString(), tensor.dtype().toString());
    }
    return tensor;
  }

  /** Values that the program computes itself, saved by some old writers. */
  private static boolean isBuffer(String name) {
    return name.endsWith(".rotary_emb.inv_freq");
  }

  private static UnsupportedModelException surplus(Path file, String name, ModelConfig config) {
    return new UnsupportedModelException(
        file,
        "tensors",
        "those of a " + config.architecture() + " model of " + config.layers() + " layers",
        Excerpt.of(name) + " besides");
  }
}
