package dev.qwq.engine;

import dev.qwq.nativelib.ffi.Qwq;

/**
 * What a token is to the model. The role picks the numeric recipe that computes the token, so it is
 * kept with the token for as long as the token itself: computed again, it gives the same bits.
 */
enum TokenRole {
  PROMPT(Qwq.QWQ_ROLE_PROMPT()),
  GENERATED(Qwq.QWQ_ROLE_GENERATED());

  private final int nativeValue;

  TokenRole(int nativeValue) {
    this.nativeValue = nativeValue;
  }

  /** The value of {@code enum qwq_role}. */
  int nativeValue() {
    return nativeValue;
  }
}
