package dev.qwq.engine;

import dev.qwq.Device;
import dev.qwq.ModelPlan;
import dev.qwq.model.ModelConfig;
import dev.qwq.model.ModelSource;
import dev.qwq.weights.SystemMemory;
import dev.qwq.weights.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.IntPredicate;

/** Decides what an engine is made of, and says what that takes. */
final class EnginePlanner {
  private static final int MAX_THREADS = 1024;
  private static final String LAYER_PREFIX = "blk.";

  /**
   * A decision and its figures.
   *
   * @param setup of the native engine
   * @param memory it takes in all places together
   * @param plan the same for users
   */
  record Decision(EngineSetup setup, NativeEngine.Memory memory, ModelPlan plan) {}

  private final ModelSource source;
  private final ModelConfig config;
  private final NativeModel model;
  private final EngineOptions options;
  private final int threads;
  private final OptionalLong available = new SystemMemory().available();

  EnginePlanner(ModelSource source, ModelConfig config, NativeModel model, EngineOptions options) {
    this.source = source;
    this.config = config;
    this.model = model;
    this.options = options;
    threads =
        options.threads() != 0
            ? options.threads()
            : Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors());
  }

  /**
   * Decides.
   *
   * @throws dev.qwq.QwqException with {@code OUT_OF_MEMORY} and figures if the model does not fit
   */
  Decision decide() {
    return options.backend() == BackendKind.CUDA ? onDevices() : onHost();
  }

  private Decision onHost() {
    EngineSetup smallest = setup(1, List.of());
    long bytesPerToken = NativeEngine.memory(model, smallest).kvBytesPerToken();
    MemoryPlan plan =
        MemoryPlan.of(
            options,
            config.contextLength(),
            bytesPerToken,
            minus(available, unread(hostWeights(0))));
    EngineSetup setup = setup(plan.kvBlocks(), List.of());
    NativeEngine.Memory memory = NativeEngine.memory(model, setup);
    NativeEngine.RunMemory run = NativeEngine.memory(model, setup, 0);
    List<ModelPlan.Place> places =
        List.of(place(LayerRun.HOST, "processor", 0, config.layers(), run, available));
    MemoryPlan.checkFits(memory, available, unread(source.weightBytes()));
    return decision(setup, memory, plan.contextLength(), places, source.weightBytes());
  }

  private Decision onDevices() {
    MemoryPlan.checkContext(options, config.contextLength());
    List<Device> devices = DevicePlanner.find(options.devices());
    DevicePlanner planner =
        new DevicePlanner(config.layers(), options.devices(), devices, this::costs);
    long least = options.kvCacheTokens();
    if (least == 0) {
      least =
          options.contextLength() > 0
              ? options.contextLength()
              : Math.min(config.contextLength(), DevicePlanner.MODEST_CONTEXT);
    }
    int leastBlocks = MemoryPlan.blocks(least, options.kvBlockSize());
    List<LayerRun> runs = planner.place(leastBlocks, least);
    int blocks = leastBlocks;
    if (options.kvCacheTokens() == 0) {
      int wanted = options.contextLength() > 0 ? options.contextLength() : config.contextLength();
      int mostBlocks = MemoryPlan.blocks(MemoryPlan.wantedTokens(wanted), options.kvBlockSize());
      IntPredicate fits = n -> planner.fits(runs, n) && hostHolds(runs, n);
      blocks = DevicePlanner.largest(leastBlocks, Math.max(leastBlocks, mostBlocks), fits);
    }
    int context =
        options.contextLength() > 0
            ? options.contextLength()
            : (int) Math.min(config.contextLength(), (long) blocks * options.kvBlockSize());
    EngineSetup setup = setup(blocks, runs);
    NativeEngine.Memory memory = NativeEngine.memory(model, setup);
    List<ModelPlan.Place> places = new ArrayList<>();
    long onDevices = 0;
    long hostKv = 0;
    int first = 0;
    for (int i = 0; i < runs.size(); i++) {
      LayerRun run = runs.get(i);
      NativeEngine.RunMemory bytes = NativeEngine.memory(model, setup, i);
      if (run.onHost()) {
        places.add(place(LayerRun.HOST, "processor", first, run.layers(), bytes, available));
        hostKv += bytes.kvCacheBytes();
      } else {
        Device device = planner.device(run.device());
        places.add(
            place(
                run.device(),
                device.title(),
                first,
                run.layers(),
                bytes,
                OptionalLong.of(device.freeBytes())));
        onDevices += bytes.kvCacheBytes() + bytes.workspaceBytes();
      }
      first += run.layers();
    }
    long hostWeights =
        hostWeights(runs.stream().filter(LayerRun::onHost).mapToInt(LayerRun::layers).sum());
    NativeEngine.Memory host =
        new NativeEngine.Memory(
            memory.kvLayout(),
            hostKv,
            memory.kvBytesPerToken(),
            memory.kvCacheBytes() + memory.workspaceBytes() - onDevices - hostKv);
    MemoryPlan.checkFits(host, available, unread(hostWeights));
    return decision(setup, memory, context, places, hostWeights);
  }

  /** As much KV cache as {@link MemoryPlan} would give the layers of the processor. */
  private boolean hostHolds(List<LayerRun> runs, int kvBlocks) {
    LayerRun first = runs.getFirst();
    if (!first.onHost() || available.isEmpty()) {
      return true;
    }
    long kv = NativeEngine.memory(model, setup(kvBlocks, runs), 0).kvCacheBytes();
    return kv <= MemoryPlan.kvShare(available.getAsLong() - unread(hostWeights(first.layers())));
  }

  private NativeEngine.RunMemory costs(String device, int first, int end, int kvBlocks) {
    List<LayerRun> runs = new ArrayList<>();
    if (first > 0) {
      runs.add(new LayerRun(LayerRun.HOST, first));
    }
    if (end == first) {
      return new NativeEngine.RunMemory(0, 0, 0);
    }
    runs.add(new LayerRun(device, end - first));
    if (end < config.layers()) {
      runs.add(new LayerRun(LayerRun.HOST, config.layers() - end));
    }
    return NativeEngine.memory(model, setup(kvBlocks, runs), first > 0 ? 1 : 0);
  }

  /** Weights that are used where they are mapped: the embedding, and the first layers. */
  private long hostWeights(int hostLayers) {
    boolean all = options.backend() != BackendKind.CUDA || hostLayers == config.layers();
    return all
        ? source.weightBytes()
        : source.tensors().stream()
            .filter(tensor -> isOnHost(tensor.name(), hostLayers))
            .mapToLong(TensorInfo::bytes)
            .sum();
  }

  private static boolean isOnHost(String tensor, int hostLayers) {
    if (!tensor.startsWith(LAYER_PREFIX)) {
      return tensor.equals("token_embd.weight");
    }
    String number =
        tensor.substring(LAYER_PREFIX.length(), tensor.indexOf('.', LAYER_PREFIX.length()));
    return Integer.parseInt(number) < hostLayers;
  }

  /** Bytes of weights that are not counted as taken: mapped files lie in the system's caches. */
  private long unread(long weights) {
    return source.tensors().getFirst().data().isMapped() ? weights : 0;
  }

  private static OptionalLong minus(OptionalLong bytes, long less) {
    return bytes.isPresent() ? OptionalLong.of(bytes.getAsLong() - less) : bytes;
  }

  private EngineSetup setup(int kvBlocks, List<LayerRun> runs) {
    return new EngineSetup(options, threads, kvBlocks, runs);
  }

  private static ModelPlan.Place place(
      String device,
      String title,
      int first,
      int layers,
      NativeEngine.RunMemory bytes,
      OptionalLong free) {
    return new ModelPlan.Place(
        device,
        title,
        first,
        layers,
        bytes.weightBytes(),
        bytes.kvCacheBytes(),
        bytes.workspaceBytes(),
        free);
  }

  private Decision decision(
      EngineSetup setup,
      NativeEngine.Memory memory,
      int context,
      List<ModelPlan.Place> places,
      long hostWeights) {
    long placed = places.stream().mapToLong(ModelPlan.Place::workspaceBytes).sum();
    ModelPlan plan =
        new ModelPlan(
            context,
            config.contextLength(),
            (long) setup.kvBlocks() * options.kvBlockSize(),
            memory.kvLayout(),
            memory.kvBytesPerToken(),
            places,
            hostWeights,
            memory.workspaceBytes() - placed);
    return new Decision(setup, memory, plan);
  }
}
