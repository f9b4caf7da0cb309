package dev.qwq;

import java.util.concurrent.Flow;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;

/**
 * {@link ReplyStream} against the Technology Compatibility Kit of Reactive Streams.
 *
 * <p>Of the kit's tests 12 are skipped: {@code optional_spec111_…}, since a reply has one
 * subscriber and refuses the second with an error, and {@code untested_…}, rules that no program
 * can check and that the kit lists by name only.
 */
// TestNG wants the class public, though nobody uses the module of tests, and sets it up itself.
@SuppressWarnings({"exports", "NullAway.Init"})
public class ReplyStreamTckTest extends FlowPublisherVerification<ChatEvent> {
  /** Far above what a reply of a scripted engine takes, for busy machines. */
  private static final long SIGNAL_TIMEOUT_MS = 2_000;

  /** For how long nothing must happen where nothing may; each such test takes as long. */
  private static final long NO_SIGNAL_TIMEOUT_MS = 50;

  private static final long GC_TIMEOUT_MS = 2_000;

  private ScriptedReplies replies;

  public ReplyStreamTckTest() {
    super(
        new TestEnvironment(SIGNAL_TIMEOUT_MS, NO_SIGNAL_TIMEOUT_MS, NO_SIGNAL_TIMEOUT_MS),
        GC_TIMEOUT_MS);
  }

  @BeforeClass
  public void open() {
    replies = new ScriptedReplies();
  }

  @AfterClass
  public void close() {
    replies.close();
  }

  @Override
  public Flow.Publisher<ChatEvent> createFlowPublisher(long elements) {
    ReplyStream stream = replies.withEvents(Math.max(1, elements));
    if (elements == 0) {
      stream.next(); // Every reply has its last event; only somebody else can have taken it.
    }
    return stream;
  }

  @Override
  public Flow.Publisher<ChatEvent> createFailedFlowPublisher() {
    ReplyStream stream = replies.failing();
    stream.next();
    return stream;
  }

  @Override
  public long maxElementsFromPublisher() {
    return Integer.MAX_VALUE;
  }
}
