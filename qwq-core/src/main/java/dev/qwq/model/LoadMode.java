package dev.qwq.model;

/** How weights come into memory. */
public enum LoadMode {
  /**
   * The file is mapped and used where it lies: opening is immediate, and processes share the pages.
   * The file must not be changed in place while it is in use; replace it by renaming a new one over
   * it.
   */
  MAP,
  /**
   * The weights are read into memory of their own, which takes time and as much memory as they have
   * bytes. The file may then be changed or removed.
   */
  MEMORY
}
