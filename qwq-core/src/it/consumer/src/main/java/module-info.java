module consumer {
  requires dev.qwq.core;
}
