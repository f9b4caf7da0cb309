package dev.qwq.nativelib;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.nativelib.ffi.Qwq;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Header, compiler and committed bindings agree, so that nobody needs jextract to notice that the
 * bindings are stale. A C++ program prints what the compiler makes of the header; that it leaves
 * nothing out is checked against the header's text.
 */
final class BindingsTest {
  private static final String DECLARED_CONSTANT =
      "#define (QWQ_\\w+) \\d+|(?<=[{,]\\s{0,80})(QWQ_\\w+)\\s*=";

  @Test
  void bindingsHaveTheLayoutsConstantsAndSignaturesTheCompilerSees() throws Exception {
    List<String> compiled = compiled();
    assertThat(compiled).hasSizeGreaterThan(100);

    assertThat(bound(names(compiled, "struct"))).containsExactlyInAnyOrderElementsOf(compiled);
  }

  @Test
  void theCompilerWasAskedAboutEverythingTheHeaderDeclares() throws Exception {
    List<String> compiled = compiled();
    String header = Files.readString(NativeBuild.header()).replaceAll("(?s)/\\*.*?\\*/", "");

    assertThat(names(compiled, "constant"))
        .containsExactlyInAnyOrderElementsOf(find(DECLARED_CONSTANT, header));
    assertThat(names(compiled, "function"))
        .containsExactlyInAnyOrderElementsOf(find("QWQ_API [^;(]*?(qwq_\\w+)\\(", header));
    assertThat(names(compiled, "field")).containsExactlyInAnyOrderElementsOf(fields(header));
  }

  @Test
  void everyFunctionOfTheBindingsIsInTheLibrary() throws Exception {
    NativeBuild.assumeBuilt();
    NativeLibrary.load();
    for (Method method : Qwq.class.getMethods()) {
      if (method.getName().endsWith("$address")) {
        assertThat(method.invoke(null)).as(method.getName()).isNotNull();
      }
    }
    assertThat(Qwq.qwq_abi_version()).isEqualTo(Qwq.QWQ_ABI_VERSION());
    assertThat(Qwq.qwq_version().getString(0))
        .isEqualTo(System.getProperty("qwq.version").replace("-SNAPSHOT", ""));
  }

  private static List<String> compiled() throws IOException, InterruptedException {
    Process process = new ProcessBuilder(NativeBuild.file("abi_layout").toString()).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return output.lines().toList();
  }

  /** The bindings' view in the words of the C++ program. */
  private static List<String> bound(List<String> structs) throws ReflectiveOperationException {
    List<String> lines = new ArrayList<>();
    for (Method method : Qwq.class.getMethods()) {
      String name = method.getName();
      if (name.startsWith("QWQ_")) {
        lines.add("constant " + name + " " + method.invoke(null));
      } else if (name.endsWith("$descriptor")) {
        FunctionDescriptor descriptor = (FunctionDescriptor) method.invoke(null);
        lines.add("function " + name.replace("$descriptor", " ") + signature(descriptor));
      }
    }
    for (String struct : structs) {
      GroupLayout layout =
          (GroupLayout)
              Class.forName(Qwq.class.getPackageName() + "." + struct)
                  .getMethod("layout")
                  .invoke(null);
      lines.add("struct %s %d %d".formatted(struct, layout.byteSize(), layout.byteAlignment()));
      for (MemoryLayout member : layout.memberLayouts()) {
        member
            .name()
            .ifPresent(
                field ->
                    lines.add(
                        "field %s.%s %d %s"
                            .formatted(
                                struct,
                                field,
                                layout.byteOffset(MemoryLayout.PathElement.groupElement(field)),
                                type(member))));
      }
    }
    return lines;
  }

  private static String signature(FunctionDescriptor descriptor) {
    return descriptor.returnLayout().map(BindingsTest::type).orElse("void")
        + descriptor.argumentLayouts().stream()
            .map(BindingsTest::type)
            .collect(Collectors.joining(",", "(", ")"));
  }

  private static String type(MemoryLayout layout) {
    return switch (layout) {
      case SequenceLayout array -> type(array.elementLayout()) + "[" + array.elementCount() + "]";
      case GroupLayout struct -> "struct:" + struct.byteSize();
      case ValueLayout.OfFloat ignored -> "f32";
      case ValueLayout.OfDouble ignored -> "f64";
      case ValueLayout value when value.carrier().isPrimitive() -> "i" + 8 * value.byteSize();
      default -> "pointer";
    };
  }

  private static List<String> names(List<String> lines, String kind) {
    return lines.stream()
        .filter(line -> line.startsWith(kind + " "))
        .map(line -> line.split(" ", -1)[1])
        .toList();
  }

  private static List<String> fields(String header) {
    List<String> fields = new ArrayList<>();
    Matcher struct = Pattern.compile("struct (\\w+) \\{(.*?)\\};", Pattern.DOTALL).matcher(header);
    while (struct.find()) {
      for (String field : find("(\\w+)(?:\\[\\w+\\])?;", struct.group(2))) {
        fields.add(struct.group(1) + "." + field);
      }
    }
    return fields;
  }

  /** The group that took part in each match. */
  private static List<String> find(String pattern, String text) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map(
            match ->
                Stream.iterate(1, i -> i + 1)
                    .map(match::group)
                    .filter(group -> group != null)
                    .findFirst()
                    .orElseThrow())
        .toList();
  }
}
