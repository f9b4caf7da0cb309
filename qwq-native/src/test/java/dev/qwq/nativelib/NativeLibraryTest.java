package dev.qwq.nativelib;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.nativelib.ffi.Qwq;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loading, in this JVM and in others that were started in other ways. */
final class NativeLibraryTest {
  @TempDir Path temporary;

  @BeforeEach
  void needsTheLibrary() {
    NativeBuild.assumeBuilt();
  }

  @Test
  void twoClassLoadersOfOneJvmLoadIt() throws Exception {
    URL[] classes = {location(NativeLibrary.class).toURL()};
    // Without a parent: the platform's class loader knows the modules of this test, too.
    try (URLClassLoader one = new URLClassLoader(classes, null);
        URLClassLoader other = new URLClassLoader(classes, null)) {
      Class<?> first = abiVersionFrom(one);
      Class<?> second = abiVersionFrom(other);
      assertThat(first).isNotSameAs(second).isNotSameAs(Qwq.class);
      // Still there when the other class loader comes a second time.
      abiVersionFrom(one);
    }
  }

  @Test
  void aRepeatedLoadIsTheSameLibrary() {
    NativeLibrary.load();
    Path path = NativeLibrary.path();
    NativeLibrary.load();
    assertThat(NativeLibrary.path()).isEqualTo(path).isAbsolute();
  }

  @Test
  void loadsFromTheClassPathWithoutAnyOption() throws Exception {
    Result result = runOnClassPath();

    assertThat(result.output()).startsWith("loaded " + temporary);
    // What the JVM says about restricted methods, and nothing else.
    assertThat(result.errors().lines())
        .allMatch(line -> line.isEmpty() || line.startsWith("WARNING: "));
  }

  @Test
  void loadsWithPermissionWithoutAWord() throws Exception {
    Result result = runOnClassPath("--enable-native-access=ALL-UNNAMED");

    assertThat(result.output()).startsWith("loaded " + temporary);
    assertThat(result.errors()).isEmpty();
  }

  @Test
  void loadsFromTheModulePathWithPermissionWithoutAWord() throws Exception {
    Result result = runOnModulePath("--enable-native-access=dev.qwq.nativelib");

    assertThat(result.output()).startsWith("loaded " + temporary);
    assertThat(result.errors()).isEmpty();
  }

  @Test
  void whereNativeAccessIsDeniedNamesTheOptionThatGrantsIt() throws Exception {
    assertThat(runOnClassPath("--illegal-native-access=deny").output())
        .startsWith("ACCESS_DENIED")
        .contains("--enable-native-access=ALL-UNNAMED");
    assertThat(runOnModulePath("--illegal-native-access=deny").output())
        .startsWith("ACCESS_DENIED")
        .contains("--enable-native-access=dev.qwq.nativelib");
  }

  @Test
  void refusesALibraryOfAnotherVersion() throws Exception {
    Path library = NativeBuild.file(System.mapLibraryName("other_version"));

    assertThat(runWith(library))
        .isEqualTo(
            "WRONG_VERSION The native library %s has ABI version 999, but this qwq needs %d: use"
                + " the library that was built with it.",
            library, Qwq.QWQ_ABI_VERSION());
  }

  @Test
  void refusesALibraryThatLacksAFunction() throws Exception {
    assertThat(runWith(NativeBuild.file(System.mapLibraryName("version_only"))))
        .matches(
            "WRONG_VERSION The native library does not fit its bindings: function qwq_\\w+ cannot"
                + " be linked\\.");
  }

  @Test
  void refusesALibraryThatIsNotQwqs() throws Exception {
    Path library = Path.of(System.getProperty("java.home"), "lib", System.mapLibraryName("zip"));

    assertThat(runWith(library))
        .isEqualTo(
            "WRONG_VERSION %s is not the native library of qwq: it has no function"
                + " qwq_abi_version.",
            library);
  }

  @Test
  void refusesWhatTheSystemDoesNotLoad() throws Exception {
    Path library = Files.writeString(temporary.resolve("libqwq.so"), "no library at all");

    assertThat(runWith(library))
        .startsWith("NOT_LOADABLE The operating system does not load the native library " + library)
        .contains("Tried: system property qwq.library.path: " + library);
  }

  @Test
  void looksForTheCudaKernelsWhereTheyAreUnpacked() throws Exception {
    Path services = Files.createDirectories(temporary.resolve("artifact/META-INF/services"));
    Files.writeString(
        services.resolve(CompanionLibrary.class.getName()), FakeCudaLibrary.class.getName());

    String[] found =
        run(List.of(
                "-cp",
                String.join(
                    System.getProperty("path.separator"),
                    Path.of(location(NativeLibrary.class)).toString(),
                    Path.of(location(LoadLibrary.class)).toString(),
                    temporary.resolve("artifact").toString()),
                AskForCuda.class.getName()))
            .output()
            .split("\\R", -1);

    Path library = Path.of(found[0]);
    assertThat(library).startsWith(temporary.resolve("cache")).hasContent(FakeCudaLibrary.CONTENT);
    assertThat(library.resolveSibling(System.mapLibraryName("qwq"))).isRegularFile();
    // The dynamic loader's own words: it was there.
    assertThat(found[1]).startsWith(library + ": ").doesNotContain("No such file");
  }

  private static Class<?> abiVersionFrom(ClassLoader loader) throws ReflectiveOperationException {
    loader.loadClass(NativeLibrary.class.getName()).getMethod("load").invoke(null);
    Class<?> bindings = loader.loadClass(Qwq.class.getName());
    assertThat(bindings.getMethod("qwq_abi_version").invoke(null)).isEqualTo(Qwq.QWQ_ABI_VERSION());
    return bindings;
  }

  private record Result(String output, String errors) {}

  private String runWith(Path library) throws IOException, InterruptedException {
    return runOnClassPath("-Dqwq.library.path=" + library).output().strip();
  }

  private Result runOnClassPath(String... options) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.add("-cp");
    arguments.add(
        Path.of(location(NativeLibrary.class))
            + System.getProperty("path.separator")
            + Path.of(location(LoadLibrary.class)));
    arguments.add(LoadLibrary.class.getName());
    return run(arguments);
  }

  private Result runOnModulePath(String... options) throws IOException, InterruptedException {
    String module = "dev.qwq.nativelib";
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.addAll(List.of("-p", Path.of(location(NativeLibrary.class)).toString()));
    arguments.addAll(
        List.of("--patch-module", module + "=" + Path.of(location(LoadLibrary.class))));
    arguments.addAll(List.of("-m", module + "/" + LoadLibrary.class.getName()));
    return run(arguments);
  }

  private Result run(List<String> arguments) throws IOException, InterruptedException {
    Path errors = temporary.resolve("errors");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Dqwq.library.cache=" + temporary.resolve("cache"));
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(errors)).isZero();
    return new Result(output, Files.readString(errors));
  }

  /** The folder a class was loaded from: that of the classes, or that of the tests. */
  private static URI location(Class<?> type) {
    String file = "/" + type.getName().replace('.', '/') + ".class";
    String url = String.valueOf(type.getResource(file));
    return URI.create(url.substring(0, url.length() - file.length() + 1));
  }
}
