module consumer {
  requires dev.qwq.core;

  opens consumer to
      com.fasterxml.jackson.databind;
}
