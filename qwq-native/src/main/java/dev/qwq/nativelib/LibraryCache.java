package dev.qwq.nativelib;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/**
 * A folder that keeps unpacked libraries, those that belong together in a folder named by the
 * SHA-256 of their content. Several processes may use one folder at the same time: a file appears
 * by an atomic move, and is used only after its content was compared with what was asked for.
 */
final class LibraryCache {
  private static final Set<PosixFilePermission> OTHERS_MAY_WRITE =
      EnumSet.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

  private static final Integer SUPERUSER = 0;

  /**
   * Belongs to the user this JVM runs as; where the system has no such folder, owners are unknown.
   */
  private static final Path PROCESS = Path.of("/proc/self");

  private final Path root;

  /** A file to be unpacked. */
  record Content(String fileName, byte[] bytes) {}

  LibraryCache(Path root) {
    this.root = root;
  }

  /**
   * Returns files with exactly these contents, side by side in a folder of their own, unpacking
   * those that are not there already.
   *
   * @throws IOException if the folder cannot be written, belongs to another user, or may be written
   *     to by others
   */
  List<Path> unpack(List<Content> contents) throws IOException {
    Path directory = root.resolve(folderName(contents));
    createPrivateDirectory(directory);
    List<Path> files = new ArrayList<>();
    for (Content content : contents) {
      files.add(unpack(directory, content.fileName(), content.bytes()));
    }
    return files;
  }

  /** The hash of the one file, or that of all names and hashes. */
  private static String folderName(List<Content> contents) {
    if (contents.size() == 1) {
      return sha256(contents.getFirst().bytes());
    }
    StringBuilder all = new StringBuilder();
    for (Content content : contents) {
      all.append(content.fileName()).append(' ').append(sha256(content.bytes())).append('\n');
    }
    return sha256(all.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static Path unpack(Path directory, String fileName, byte[] content) throws IOException {
    Path file = directory.resolve(fileName);
    if (holds(file, content)) {
      return file;
    }
    Path temporary = Files.createTempFile(directory, fileName, ".tmp");
    try {
      Files.write(temporary, content);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      // On Windows a library in use cannot be replaced; then another process has just put it there.
      if (!holds(file, content)) {
        throw e;
      }
    } finally {
      Files.deleteIfExists(temporary);
    }
    if (!holds(file, content)) {
      throw new IOException(file + " does not hold what was just written to it");
    }
    return file;
  }

  private static boolean holds(Path file, byte[] content) throws IOException {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && Files.size(file) == content.length
        && Arrays.equals(Files.readAllBytes(file), content);
  }

  /** Creates the folder with access for the user only; what exists must not be open to others. */
  private void createPrivateDirectory(Path directory) throws IOException {
    if (!directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createDirectories(directory);
      return;
    }
    FileAttribute<?> userOnly =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    Files.createDirectories(directory, userOnly);
    // Whoever may write to the folder above can put another in this one's place.
    refuseIfOthersMayWrite(root);
    refuseIfOthersMayWrite(directory);
  }

  private static void refuseIfOthersMayWrite(Path directory) throws IOException {
    for (PosixFilePermission permission : Files.getPosixFilePermissions(directory)) {
      if (OTHERS_MAY_WRITE.contains(permission)) {
        throw new IOException(directory + " is writable by other users");
      }
    }
    if (Files.isDirectory(PROCESS)) {
      Object owner = Files.getAttribute(directory, "unix:uid");
      if (!owner.equals(SUPERUSER) && !owner.equals(Files.getAttribute(PROCESS, "unix:uid"))) {
        throw new IOException(directory + " belongs to another user");
      }
    }
  }

  static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
