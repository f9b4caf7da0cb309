package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.qwq.output.ReasoningStart;
import dev.qwq.tokenizer.Tokenizer;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a token of a reply costs does not depend on how many came before it. */
class ReplyCostTest {
  private static final int FEW = 20_000;
  private static final int MANY = 400_000;

  @Test
  void garbagePerTokenDoesNotGrow() {
    assumeTrue(
        ManagementFactory.getThreadMXBean() instanceof ThreadMXBean bean
            && bean.isThreadAllocatedMemorySupported());
    Tokenizer tokenizer = Tokenizer.open(TinyModel.path());
    int[] sentence =
        tokenizer.encode(" so the letter r comes 3 times,\n\nand then <x> \uD83D\uDE00");
    bytesPerToken(tokenizer, sentence, FEW); // compiles
    double few = bytesPerToken(tokenizer, sentence, FEW);
    double many = bytesPerToken(tokenizer, sentence, MANY);
    // Buffers double, so that either figure may hold up to twice its share of copies. To copy the
    // text once more for each token, say, would make the second twenty times the first.
    assertThat(many).as("%.0f bytes a token at first", few).isLessThan(3 * few);
  }

  private static double bytesPerToken(Tokenizer tokenizer, int[] sentence, int tokens) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    ReplyBuilder builder =
        new ReplyBuilder(
            tokenizer,
            Set.of(tokenizer.eosId().orElseThrow()),
            List.of("never written", "\n\n\n\n"),
            ReasoningStart.THINKING,
            true,
            event -> {});
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < tokens; i++) {
      assertThat(builder.accept(sentence[i % sentence.length], false)).isTrue();
    }
    return (threads.getCurrentThreadAllocatedBytes() - before) / (double) tokens;
  }
}
