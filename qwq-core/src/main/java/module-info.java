/** Reasoning models inside the JVM: the API. */
@SuppressWarnings("module") // The module exported to is built after this one.
module dev.qwq.core {
  requires dev.qwq.nativelib;
  requires com.fasterxml.jackson.databind;
  requires org.slf4j;
  requires jdk.jfr;
  requires jdk.management;
  requires static org.jspecify;

  exports dev.qwq;
  exports dev.qwq.agent;
  exports dev.qwq.chat;
  exports dev.qwq.schema;
  exports dev.qwq.tokenizer;

  opens dev.qwq.saved to
      com.fasterxml.jackson.databind;

  // Not for users: what the command line needs to inspect, convert and make models.
  exports dev.qwq.model to
      dev.qwq.examples;
  exports dev.qwq.weights to
      dev.qwq.examples;
}
