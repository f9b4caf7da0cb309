package dev.qwq.engine;

import org.jspecify.annotations.Nullable;

/** Who guesses the next tokens of a generation, to be checked several at a time. */
public final class Speculation {
  /** Nobody guesses. */
  public static final Speculation OFF = new Speculation(request -> null);

  /** What followed the last few tokens before is guessed to follow them again. */
  public static final Speculation PROMPT_LOOKUP = new Speculation(request -> new PromptLookup());

  /** Makes a drafter for a generation. */
  interface Factory {
    @Nullable Drafter drafter(GenerationRequest request);
  }

  private final Factory factory;

  Speculation(Factory factory) {
    this.factory = factory;
  }

  /**
   * Lets another model guess.
   *
   * @param draft runs a model whose token ids mean the same; it stays the caller's and must be
   *     closed after the engine that it drafts for
   * @return the speculation
   */
  public static Speculation draftModel(Engine draft) {
    return new Speculation(
        request ->
            new DraftModel(draft, request.sampling(), request.prompt().length - request.resumed()));
  }

  @Nullable Drafter drafter(GenerationRequest request) {
    return factory.drafter(request);
  }
}
