package dev.qwq;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Flight recorder event of a model that was opened; off unless a recording enables it. */
@Name("dev.qwq.Load")
@Label("Model Load")
@Category("qwq")
@Description("Opening a model's files and taking memory for it")
@Enabled(false)
@StackTrace(false)
final class LoadEvent extends Event {
  @Label("Model")
  String model = "";

  @Label("Weight Bytes")
  long weightBytes;

  @Label("Device Layers")
  @Description("Layers that devices compute")
  int deviceLayers;

  @Label("Device Weight Bytes")
  @Description("Weights copied to devices")
  long deviceWeightBytes;

  @Label("KV Cache Bytes")
  long kvCacheBytes;

  @Label("KV Layout")
  @Description("How the KV cache keeps elements")
  String kvLayout = "";

  @Label("Context Length")
  @Description("In tokens")
  int contextLength;
}
