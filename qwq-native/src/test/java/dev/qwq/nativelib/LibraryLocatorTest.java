package dev.qwq.nativelib;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.nativelib.NativeLibraryException.Reason;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The platform testos-testarch has a packaged "library" among the test resources. */
final class LibraryLocatorTest {
  private static final Platform PLATFORM = new Platform("testos", "testarch");

  @TempDir Path temporary;
  private final Properties properties = new Properties();
  private final Map<String, String> environment = new HashMap<>();
  private final List<CompanionLibrary> companions = new ArrayList<>();

  @BeforeEach
  void home() {
    properties.setProperty("user.home", temporary.resolve("home").toString());
  }

  @Test
  void takesTheFileTheUserNames() throws IOException {
    Path file = Files.createFile(temporary.resolve("mine.so"));
    properties.setProperty(NativeLibrary.PATH_PROPERTY, file.toString());

    assertThat(locator().locate()).isEqualTo(file);
    assertThat(temporary.resolve("home")).doesNotExist();
  }

  @Test
  void aNamedFileThatIsNoneFailsAndNothingElseIsTried() {
    for (String wrong : new String[] {"/no/such/libqwq.so", temporary.toString(), "", "a\0b"}) {
      properties.setProperty(NativeLibrary.PATH_PROPERTY, wrong);
      assertFails(
          () -> locator().locate(),
          Reason.NOT_FOUND,
          "The system property qwq.library.path names '" + wrong + "', which is not a file.",
          "libqwq.so");
    }
    assertThat(temporary.resolve("home")).doesNotExist();
  }

  @Test
  void aPlatformWithoutLibraryIsNamedWithEveryPlaceTried() {
    LibraryLocator locator =
        new LibraryLocator(Platform.of("Plan 9", "mips"), properties, environment, companions);

    assertFails(
        locator::locate,
        Reason.NOT_FOUND,
        "no native library of qwq for this platform (plan_9-mips)",
        "system property qwq.library.path: not set",
        "class path resource /dev/qwq/nativelib/natives/plan_9-mips/libqwq.so: absent",
        "-Dqwq.library.path=FILE");
  }

  @Test
  void unpacksIntoTheChosenFolder() {
    properties.setProperty(NativeLibrary.CACHE_PROPERTY, temporary.resolve("chosen").toString());

    assertThat(locator().locate()).startsWith(temporary.resolve("chosen")).isRegularFile();
    assertThat(temporary.resolve("home")).doesNotExist();
  }

  @Test
  void aChosenFolderThatCannotBeUsedIsAnError() throws IOException {
    Path file = Files.createFile(temporary.resolve("file"));
    properties.setProperty(NativeLibrary.CACHE_PROPERTY, file.resolve("below").toString());

    assertFails(
        () -> locator().locate(),
        Reason.NOT_LOADABLE,
        "could not be unpacked",
        "system property qwq.library.path: not set",
        "folder " + file.resolve("below"),
        "-Dqwq.library.cache=FOLDER");
    assertThat(temporary.resolve("home")).doesNotExist();
  }

  @Test
  void unpacksIntoTheUsersCache() {
    assertThat(locator().locate()).startsWith(temporary.resolve("home/.cache/qwq/natives"));

    environment.put("XDG_CACHE_HOME", temporary.resolve("xdg").toString());
    assertThat(locator().locate()).startsWith(temporary.resolve("xdg/qwq/natives"));

    environment.put("XDG_CACHE_HOME", "relative"); // the XDG specification: ignore it
    assertThat(locator().locate()).startsWith(temporary.resolve("home/.cache/qwq/natives"));
  }

  @Test
  void withoutAUsableHomeUnpacksIntoATemporaryFolder() throws IOException {
    Path file = Files.createFile(temporary.resolve("file"));
    for (String home : new String[] {file.toString(), "?"}) {
      properties.setProperty("user.home", home);
      LibraryLocator locator = locator();

      Path library = locator.locate();

      assertThat(library).startsWith(Path.of(System.getProperty("java.io.tmpdir"))).isRegularFile();
      assertThat(library.toString()).contains("qwq-natives-");
      assertThat(locator.triedPlaces())
          .contains(home.equals("?") ? "this user has no home folder" : "folder " + file)
          .contains("unpacked to " + library);
    }
  }

  @Test
  void unpacksCompanionsBesideTheLibrary() throws IOException {
    Path alone = locator().locate();
    companions.add(new Companion("testos-testarch"));

    Path library = locator().locate();

    assertThat(library.resolveSibling("libqwq_cuda.so")).hasContent("kernels");
    assertThat(library).hasSameBinaryContentAs(alone).isNotEqualTo(alone);
    assertThat(alone.resolveSibling("libqwq_cuda.so")).doesNotExist();
    assertThat(locator().locate()).isEqualTo(library);
  }

  @Test
  void unpacksCompanionsIntoATemporaryFolderToo() {
    properties.setProperty("user.home", "?");
    companions.add(new Companion("testos-testarch"));

    Path library = locator().locate();

    assertThat(library).startsWith(Path.of(System.getProperty("java.io.tmpdir")));
    assertThat(library.resolveSibling("libqwq_cuda.so")).hasContent("kernels");
  }

  @Test
  void leavesOutCompanionsForOtherPlatforms() {
    Path alone = locator().locate();
    companions.add(new Companion("otheros-testarch"));

    assertThat(locator().locate()).isEqualTo(alone);
  }

  @Test
  void putsNothingBesideAFileTheUserNames() throws IOException {
    Path file = Files.createFile(temporary.resolve("mine.so"));
    properties.setProperty(NativeLibrary.PATH_PROPERTY, file.toString());
    companions.add(new Companion("testos-testarch"));

    assertThat(locator().locate()).isEqualTo(file);
    assertThat(temporary.resolve("libqwq_cuda.so")).doesNotExist();
  }

  @Test
  void aCompanionThatCannotBeReadIsAnError() {
    companions.add(
        new CompanionLibrary() {
          @Override
          public String name() {
            return "qwq_cuda";
          }

          @Override
          public InputStream open(String platform) throws IOException {
            throw new IOException("the jar is damaged");
          }
        });

    assertFails(
        () -> locator().locate(),
        Reason.NOT_LOADABLE,
        "beside the native one cannot be read: IOException (the jar is damaged)");
  }

  /** Has a library for one platform. */
  private record Companion(String platform) implements CompanionLibrary {
    @Override
    public String name() {
      return "qwq_cuda";
    }

    @Override
    public @Nullable InputStream open(String asked) {
      return asked.equals(platform) ? new ByteArrayInputStream("kernels".getBytes(UTF_8)) : null;
    }
  }

  private LibraryLocator locator() {
    return new LibraryLocator(PLATFORM, properties, environment, companions);
  }

  private static void assertFails(ThrowingCallable call, Reason reason, String... parts) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            NativeLibraryException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(reason);
              assertThat(e).hasMessageContainingAll(parts);
            });
  }
}
