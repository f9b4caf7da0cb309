package dev.qwq.nativelib;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What a 64-bit little-endian ELF library needs and offers, as the dynamic loader sees it (System V
 * ABI, chapters 4 and 5; symbol versions: Linux Standard Base, chapter 10.7). For trusted files.
 */
final class ElfFile {
  private static final int SHT_DYNAMIC = 6;
  private static final int SHT_DYNSYM = 11;
  private static final int SHT_GNU_VERNEED = 0x6ffffffe;
  private static final int DT_NEEDED = 1;
  private static final int DT_TEXTREL = 22;
  private static final int DT_FLAGS = 30;
  private static final int DF_BIND_NOW = 8;
  private static final int PT_GNU_STACK = 0x6474e551;
  private static final int PT_GNU_RELRO = 0x6474e552;
  private static final int PF_X = 1;

  private record Section(String name, int type, int offset, int size, int link, int info) {}

  private final ByteBuffer bytes;
  private final List<Section> sections = new ArrayList<>();

  private ElfFile(ByteBuffer bytes) {
    this.bytes = bytes;
    int headers = (int) bytes.getLong(40);
    int count = Short.toUnsignedInt(bytes.getShort(60));
    int names = header(headers, Short.toUnsignedInt(bytes.getShort(62)), "").offset();
    for (int i = 0; i < count; i++) {
      String name = string(names + bytes.getInt(headers + 64 * i));
      sections.add(header(headers, i, name));
    }
  }

  static ElfFile read(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.getInt(0) != 0x464c457f || bytes.get(4) != 2 || bytes.get(5) != 1) {
      throw new IOException(file + " is not a 64-bit little-endian ELF file");
    }
    return new ElfFile(bytes);
  }

  /** Names of the libraries that the loader brings along. */
  SortedSet<String> needed() {
    SortedSet<String> needed = new TreeSet<>();
    Section dynamic = section(SHT_DYNAMIC);
    int strings = sections.get(dynamic.link()).offset();
    dynamicEntries()
        .getOrDefault(DT_NEEDED, List.of())
        .forEach(name -> needed.add(string(strings + name.intValue())));
    return needed;
  }

  /** Names of the functions and variables that others can use. */
  SortedSet<String> exports() {
    SortedSet<String> exports = new TreeSet<>();
    Section symbols = section(SHT_DYNSYM);
    int strings = sections.get(symbols.link()).offset();
    for (int at = symbols.offset(); at < symbols.offset() + symbols.size(); at += 24) {
      boolean defined = bytes.getShort(at + 6) != 0;
      boolean local = (bytes.get(at + 4) >>> 4) == 0;
      if (defined && !local) {
        exports.add(string(strings + bytes.getInt(at)));
      }
    }
    return exports;
  }

  /** Versions of other libraries' symbols that must be there, such as GLIBC_2.34. */
  SortedSet<String> neededVersions() {
    SortedSet<String> versions = new TreeSet<>();
    Section needs = section(SHT_GNU_VERNEED);
    int strings = sections.get(needs.link()).offset();
    int library = needs.offset();
    for (int i = 0; i < needs.info(); i++) {
      int version = library + bytes.getInt(library + 8);
      for (int j = 0; j < Short.toUnsignedInt(bytes.getShort(library + 2)); j++) {
        versions.add(string(strings + bytes.getInt(version + 8)));
        version += bytes.getInt(version + 12);
      }
      library += bytes.getInt(library + 12);
    }
    return versions;
  }

  boolean hasSection(String name) {
    return sections.stream().anyMatch(section -> section.name().equals(name));
  }

  /**
   * No page is both writable and executable, and the tables of pointers are read-only once loaded.
   */
  boolean isHardened() {
    boolean relro = false;
    boolean executableStack = true;
    int headers = (int) bytes.getLong(32);
    for (int i = 0; i < Short.toUnsignedInt(bytes.getShort(56)); i++) {
      int at = headers + 56 * i;
      relro |= bytes.getInt(at) == PT_GNU_RELRO;
      if (bytes.getInt(at) == PT_GNU_STACK) {
        executableStack = (bytes.getInt(at + 4) & PF_X) != 0;
      }
    }
    Map<Integer, List<Long>> dynamic = dynamicEntries();
    boolean bindNow =
        dynamic.getOrDefault(DT_FLAGS, List.of()).stream().anyMatch(f -> (f & DF_BIND_NOW) != 0);
    return relro && bindNow && !executableStack && !dynamic.containsKey(DT_TEXTREL);
  }

  private Map<Integer, List<Long>> dynamicEntries() {
    Map<Integer, List<Long>> entries = new HashMap<>();
    Section dynamic = section(SHT_DYNAMIC);
    for (int at = dynamic.offset(); at < dynamic.offset() + dynamic.size(); at += 16) {
      entries
          .computeIfAbsent((int) bytes.getLong(at), tag -> new ArrayList<>())
          .add(bytes.getLong(at + 8));
    }
    return entries;
  }

  private Section header(int headers, int index, String name) {
    int at = headers + 64 * index;
    return new Section(
        name,
        bytes.getInt(at + 4),
        (int) bytes.getLong(at + 24),
        (int) bytes.getLong(at + 32),
        bytes.getInt(at + 40),
        bytes.getInt(at + 44));
  }

  private Section section(int type) {
    return sections.stream().filter(section -> section.type() == type).findFirst().orElseThrow();
  }

  private String string(int at) {
    int end = at;
    while (bytes.get(end) != 0) {
      end++;
    }
    byte[] name = new byte[end - at];
    bytes.get(at, name);
    return new String(name, StandardCharsets.UTF_8);
  }
}
