package dev.qwq.weights;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.ErrorCode;
import dev.qwq.MalformedFileException;
import dev.qwq.QwqException;
import dev.qwq.UnsupportedModelException;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What safetensors files give, and how each damage is told. */
class SafetensorsTest {
  private static final String A = "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";
  private static final String B =
      "\"b\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[8,20]}";

  @TempDir Path folder;

  @Test
  void readsTensorsWhereTheyLie() throws IOException {
    String metadata = "\"__metadata__\":{\"format\":\"pt\"}";
    Path file = write("{" + metadata + "," + B + "," + A + "}   ", 20);
    try (SafetensorsFolder weights = SafetensorsFolder.open(file)) {
      assertThat(weights.tensors().keySet()).containsExactly("b", "a");
      TensorInfo b = tensor(weights, "b");
      assertThat(b.dtype()).isEqualTo(DType.BF16);
      assertThat(b.shape()).isEqualTo(List.of(2L, 3L));
      assertThat(b.data().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 8);
      assertThat(weights.fileOf("b")).isEqualTo(file);
    }
  }

  @Test
  void readsScalarsAndAllNames() throws IOException {
    for (String name :
        List.of(
            "F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8",
            "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0")) {
      int size = DType.valueOf(name).blockBytes();
      Path file =
          write(
              "{\"x\":{\"dtype\":\"%s\",\"shape\":[],\"data_offsets\":[0,%d]}}"
                  .formatted(name, size),
              size);
      try (SafetensorsFolder weights = SafetensorsFolder.open(file)) {
        assertThat(tensor(weights, "x").dtype()).hasToString(name);
        assertThat(tensor(weights, "x").elements()).isEqualTo(1);
      }
    }
  }

  @Test
  void tellsBadHeaderLengths() throws IOException {
    malformed(new byte[0], "size", "an empty file");
    malformed(new byte[9], "size", "");
    malformed(RawGguf.concat(RawGguf.int64(100), "{}".getBytes(UTF_8)), "header length", "100");
    malformed(RawGguf.concat(RawGguf.int64(-1), "{}".getBytes(UTF_8)), "header length", "1844");
    malformed(RawGguf.concat(RawGguf.int64(0), "{}".getBytes(UTF_8)), "header length", "0");
    malformed(RawGguf.concat(RawGguf.int64(1L << 40), new byte[99]), "header length", "1099");
    malformed("GGUF\003\000\000\000....".getBytes(UTF_8), "header length", "a GGUF file");
    malformed(
        "version https://git-lfs.github.com/spec/v1\n".getBytes(UTF_8), "", "Git LFS pointer");
  }

  @Test
  void tellsBadHeaders() throws IOException {
    malformed("[]", 0, "header", "");
    malformed("{" + A, 8, "", "");
    malformed("{" + A + "}}", 8, "", "");
    malformed("{" + A + "}{}", 8, "header", "more after it");
    malformed("{\"a\":3}", 0, "a", "VALUE_NUMBER_INT");
    malformed("{\"a\":{}}", 0, "a", "null, null, null");
    malformed("{\"a\":{\"x\":1}}", 0, "a", "x");
    malformed("{" + A + "," + A + "}", 8, "a", "a second one");
    malformed(
        "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        8,
        "a dtype",
        "a second one");
    malformed("{\"__metadata__\":{\"a\":1}}", 0, "__metadata__ a", "");
    malformed("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, "__metadata__ a", "a second one");
    malformed("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__", "a second one");
    malformed("{\"\":{}}", 0, "name of tensor 0", "");
    malformed("{\"a\":" + "[".repeat(5000), 0, "", "");
    malformed("{\"a\":" + "{\"dtype\":".repeat(5000), 0, "", "");
    malformed("{\"\\uD800\":{}}  ".replace("{}", "{\"dtype\":1}"), 0, "", "");
  }

  @Test
  void tellsBadDtypes() throws IOException {
    Path file = write(A.replace("F32", "F4").transform(a -> "{" + a + "}"), 8);
    assertThatThrownBy(() -> SafetensorsFolder.open(file).close())
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("a dtype: supported are")
        .hasMessageContaining("found F4");
  }

  @Test
  void tellsBadShapes() throws IOException {
    tensor("[-1]", "[0,8]", "a shape", "-1");
    tensor("[0]", "[0,0]", "a shape", "[0]");
    tensor("[2.0]", "[0,8]", "a shape", "2.0");
    tensor("[\"2\"]", "[0,8]", "a shape", "2");
    tensor("[99999999999999999999]", "[0,8]", "a shape", "99999999999999999999");
    tensor("[4294967296,4294967296]", "[0,8]", "a shape", "4294967296");
    tensor("[4611686018427387904]", "[0,8]", "a shape", "4611686018427387904");
    tensor("[1,1,1,1,1,1,1,1,1]", "[0,4]", "a shape", "");
    tensor("3", "[0,8]", "a shape", "");
  }

  @Test
  void tellsBadOffsets() throws IOException {
    tensor("[2]", "[0,12]", "a data_offsets", "0 to 12");
    tensor("[2]", "[8,0]", "a data_offsets", "8 to 0");
    tensor("[2]", "[-8,0]", "a data_offsets", "-8");
    tensor("[1]", "[0,8]", "a data_offsets", "8");
    tensor("[2]", "[0]", "a", "[0]");
    tensor("[2]", "[0,8,8]", "a", "[0, 8, 8]");
    tensor("[1]", "[4,8]", "a data_offsets", "from 4"); // a gap in front
    tensor("[1]", "[0,4]", "size", "8"); // bytes that nobody owns
    malformed("{" + A + "," + B.replace("[8,20]", "[4,16]") + "}", 16, "b", "from 4"); // overlap
    malformed("{" + A + "," + B.replace("[8,20]", "[9,21]") + "}", 21, "b", "from 9"); // gap
    malformed("{" + A + "," + B + "}", 19, "b", "8 to 20"); // truncated
  }

  @Test
  void readsShards() throws IOException {
    Path index = shards("{\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\"}");
    for (Path path : List.of(folder, index)) {
      try (SafetensorsFolder weights = SafetensorsFolder.open(path)) {
        assertThat(weights.tensors()).containsOnlyKeys("a", "b");
        assertThat(weights.fileOf("b")).isEqualTo(folder.resolve("s2.safetensors"));
        assertThat(weights.files().paths()).hasSize(2);
      }
    }
  }

  @Test
  void tellsBadIndexes() throws IOException {
    shards("{\"a\":\"s1.safetensors\",\"b\":\"s3.safetensors\"}");
    failure(ErrorCode.FILE_UNREADABLE, "s3.safetensors: no such file, but");
    shards("{\"a\":\"s1.safetensors\",\"b\":\"s1.safetensors\"}");
    failure(ErrorCode.MALFORMED_FILE, "tensor b in s1.safetensors, found none");
    shards("{\"a\":\"s2.safetensors\",\"b\":\"s1.safetensors\"}");
    failure(ErrorCode.MALFORMED_FILE, "found it in ");
    shards("{\"a\":\"../s1.safetensors\"}");
    failure(ErrorCode.MALFORMED_FILE, "weight_map a: expected the name of a safetensors file");
    shards("{\"a\":\"s1.bin\"}");
    failure(ErrorCode.MALFORMED_FILE, "weight_map a");
    shards("{\"a\":7}");
    failure(ErrorCode.MALFORMED_FILE, "weight_map a");
    shards("{}");
    failure(ErrorCode.MALFORMED_FILE, "weight_map");
    shards("[]");
    failure(ErrorCode.MALFORMED_FILE, "weight_map");
    shards("{\"a\":\"s1.safetensors\",\"a\":\"s2.safetensors\"}");
    failure(ErrorCode.MALFORMED_FILE, "index.json: line");
    shards("{\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\"}");
    Files.copy(
        folder.resolve("s1.safetensors"),
        folder.resolve("s2.safetensors"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    failure(ErrorCode.MALFORMED_FILE, "a: expected a tensor in one shard only");
  }

  @Test
  void tellsFoldersWithoutSafetensors() throws IOException {
    failure(ErrorCode.FILE_UNREADABLE, "no weights: neither model.safetensors nor");
    Files.createFile(folder.resolve("pytorch_model.bin"));
    failure(ErrorCode.UNSUPPORTED_MODEL, "found pytorch_model.bin, a PyTorch pickle");
    Files.createFile(folder.resolve("x.gguf"));
    failure(ErrorCode.FILE_UNREADABLE, "to use x.gguf, give its own path");
    Files.createFile(folder.resolve("model-00001-of-00002.safetensors"));
    failure(ErrorCode.FILE_UNREADABLE, "neither model.safetensors nor model.safetensors.index");
  }

  private void failure(ErrorCode code, String message) {
    assertThatThrownBy(() -> SafetensorsFolder.open(folder).close())
        .isInstanceOfSatisfying(QwqException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(message)
        .hasMessageStartingWith(folder.toString());
  }

  private Path shards(String map) throws IOException {
    Files.write(folder.resolve("s1.safetensors"), file("{" + A + "}", 8));
    Files.write(
        folder.resolve("s2.safetensors"), file("{" + B.replace("[8,20]", "[0,12]") + "}", 12));
    return Files.writeString(
        folder.resolve("model.safetensors.index.json"), "{\"weight_map\":" + map + "}");
  }

  private void tensor(String shape, String offsets, String field, String found) throws IOException {
    malformed(
        String.format(
            Locale.ROOT,
            "{\"a\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":%s}}",
            shape,
            offsets),
        8,
        field,
        found);
  }

  private void malformed(String header, int dataBytes, String field, String found)
      throws IOException {
    malformed(file(header, dataBytes), field, found);
  }

  private void malformed(byte[] bytes, String field, String found) throws IOException {
    Path file = Files.write(folder.resolve("x.safetensors"), bytes);
    assertThatThrownBy(() -> SafetensorsFolder.open(file).close())
        .isInstanceOfSatisfying(
            MalformedFileException.class, e -> assertThat(e.field()).contains(field))
        .hasMessageContaining(found)
        .hasMessageStartingWith(file.toString());
  }

  private Path write(String header, int dataBytes) throws IOException {
    return Files.write(folder.resolve("x.safetensors"), file(header, dataBytes));
  }

  private static byte[] file(String header, int dataBytes) {
    byte[] json = header.getBytes(UTF_8);
    byte[] data = new byte[dataBytes];
    for (int i = 0; i < dataBytes; i++) {
      data[i] = (byte) i;
    }
    return RawGguf.concat(RawGguf.int64(json.length), json, data);
  }

  private static TensorInfo tensor(SafetensorsFolder weights, String name) {
    TensorInfo tensor = weights.tensors().get(name);
    if (tensor == null) {
      throw new AssertionError("no tensor " + name);
    }
    return tensor;
  }
}
