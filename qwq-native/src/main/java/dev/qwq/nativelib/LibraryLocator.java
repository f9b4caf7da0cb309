package dev.qwq.nativelib;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.ServiceConfigurationError;
import org.jspecify.annotations.Nullable;

/**
 * Finds the native library's file: the one the user names, else the packaged one, unpacked into the
 * first folder that takes it, together with its companions. Remembers every place tried.
 */
final class LibraryLocator {
  private final Platform platform;
  private final Properties properties;
  private final Map<String, String> environment;
  private final Iterable<CompanionLibrary> companions;
  private final List<String> tried = new ArrayList<>();

  LibraryLocator(
      Platform platform,
      Properties properties,
      Map<String, String> environment,
      Iterable<CompanionLibrary> companions) {
    this.platform = platform;
    this.properties = properties;
    this.environment = environment;
    this.companions = companions;
  }

  /** Returns the library's file; the packaged one is read from {@link Platform#resource()}. */
  Path locate() {
    String override = properties.getProperty(NativeLibrary.PATH_PROPERTY);
    if (override != null) {
      return userFile(override);
    }
    tried.add("system property " + NativeLibrary.PATH_PROPERTY + ": not set");
    byte @Nullable [] library = packaged();
    if (library == null) {
      throw new NativeLibraryException(
          NativeLibraryException.Reason.NOT_FOUND,
          "There is no native library of qwq for this platform (%s). Tried: %s. Build it (see CONTRIBUTING.md) and name it with -D%s=FILE."
              .formatted(platform.directory(), triedPlaces(), NativeLibrary.PATH_PROPERTY));
    }
    List<LibraryCache.Content> contents = new ArrayList<>();
    contents.add(new LibraryCache.Content(platform.libraryFileName(), library));
    contents.addAll(companionContents());
    String chosen = properties.getProperty(NativeLibrary.CACHE_PROPERTY);
    List<Path> files = unpack(contents, chosen != null ? () -> Path.of(chosen) : this::userCache);
    if (files.isEmpty() && chosen == null) {
      files = unpack(contents, LibraryLocator::temporaryDirectory);
      if (!files.isEmpty()) {
        deleteAtExit(files);
      }
    }
    if (files.isEmpty()) {
      throw new NativeLibraryException(
          NativeLibraryException.Reason.NOT_LOADABLE,
          "The native library of qwq could not be unpacked. Tried: %s. Name a folder that only you can write to with -D%s=FOLDER."
              .formatted(triedPlaces(), NativeLibrary.CACHE_PROPERTY));
    }
    return files.getFirst();
  }

  /** Returns the unpacked files; none if this folder does not take them. */
  private List<Path> unpack(List<LibraryCache.Content> contents, Folder folder) {
    Path root = null;
    try {
      root = folder.find();
      List<Path> files =
          new LibraryCache(root).unpack(contents).stream().map(Path::toAbsolutePath).toList();
      tried.add("packaged library, unpacked to " + files.getFirst());
      return files;
    } catch (IOException | InvalidPathException | SecurityException e) {
      tried.add("folder " + (root == null ? "for caches" : root) + ": " + describe(e));
      return List.of();
    }
  }

  /** The companions that there are for this platform. */
  private List<LibraryCache.Content> companionContents() {
    List<LibraryCache.Content> contents = new ArrayList<>();
    try {
      for (CompanionLibrary companion : companions) {
        try (InputStream in = companion.open(platform.directory())) {
          if (in != null) {
            contents.add(
                new LibraryCache.Content(
                    platform.libraryFileName(companion.name()), in.readAllBytes()));
          }
        }
      }
    } catch (IOException | ServiceConfigurationError e) {
      throw new NativeLibraryException(
          NativeLibraryException.Reason.NOT_LOADABLE,
          "A library that belongs beside the native one cannot be read: " + describe(e),
          e);
    }
    contents.sort(Comparator.comparing(LibraryCache.Content::fileName));
    return contents;
  }

  /** Every place tried so far and what was found there, in order. */
  String triedPlaces() {
    return String.join("; ", tried);
  }

  private Path userFile(String override) {
    try {
      Path file = Path.of(override).toAbsolutePath();
      if (Files.isRegularFile(file)) {
        tried.add("system property " + NativeLibrary.PATH_PROPERTY + ": " + file);
        return file;
      }
    } catch (InvalidPathException e) {
      // Reported below with the text as the user gave it.
    }
    throw new NativeLibraryException(
        NativeLibraryException.Reason.NOT_FOUND,
        "The system property %s names '%s', which is not a file. It takes the path of %s, or is left out for the packaged library."
            .formatted(NativeLibrary.PATH_PROPERTY, override, platform.libraryFileName()));
  }

  private byte @Nullable [] packaged() {
    String resource = platform.resource();
    try (InputStream in = LibraryLocator.class.getResourceAsStream(resource)) {
      if (in == null) {
        tried.add("class path resource " + resource + ": absent");
        return null;
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new NativeLibraryException(
          NativeLibraryException.Reason.NOT_LOADABLE,
          "The packaged native library %s cannot be read: %s".formatted(resource, describe(e)),
          e);
    }
  }

  /** The folder in which this operating system's programs keep what they can make again. */
  private Path userCache() throws IOException {
    String root =
        switch (platform.os()) {
          case "windows" -> environment.get("LOCALAPPDATA");
          case "macos" -> underHome("Library/Caches");
          default -> {
            String xdg = environment.get("XDG_CACHE_HOME");
            yield xdg != null && xdg.startsWith("/") ? xdg : underHome(".cache");
          }
        };
    if (root == null) {
      throw new IOException("this user has no home folder");
    }
    return Path.of(root, "qwq", "natives");
  }

  private @Nullable String underHome(String child) {
    String home = properties.getProperty("user.home");
    // The JVM says "?" where the system knows no home.
    return home == null || home.equals("?") ? null : home + "/" + child;
  }

  /** A new folder only this user can enter. */
  private static Path temporaryDirectory() throws IOException {
    return Files.createTempDirectory("qwq-natives-");
  }

  private static void deleteAtExit(List<Path> files) {
    Path folder =
        Objects.requireNonNull(files.getFirst().getParent(), "the folder named by the content");
    Path root = Objects.requireNonNull(folder.getParent(), "the temporary folder");
    // Registered outermost first: the JVM deletes in the reverse order.
    root.toFile().deleteOnExit();
    folder.toFile().deleteOnExit();
    files.forEach(file -> file.toFile().deleteOnExit());
  }

  private static String describe(Throwable e) {
    return e.getMessage() == null
        ? e.getClass().getSimpleName()
        : e.getClass().getSimpleName() + " (" + e.getMessage() + ")";
  }

  /** Where to unpack; asked for only when it is needed. */
  private interface Folder {
    Path find() throws IOException;
  }
}
