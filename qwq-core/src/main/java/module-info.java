/** Reasoning models inside the JVM: the API. */
module dev.qwq.core {
  requires dev.qwq.nativelib;
  requires com.fasterxml.jackson.databind;
  requires org.slf4j;
  requires jdk.jfr;
  requires jdk.management;
  requires static org.jspecify;

  exports dev.qwq;
  exports dev.qwq.chat;
  exports dev.qwq.tokenizer;
}
