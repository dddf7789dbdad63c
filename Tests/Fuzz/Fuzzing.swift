import EmotionFormerCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What libFuzzer runs: a reader, the checks of what it gives, and a way to change an input, if bytes at random would
/// never pass the reader's first checks.
struct FuzzTarget: Sendable {
    let name: String
    /// - Returns: whether the input was read.
    let run: @Sendable (_ input: [UInt8]) -> Bool
    /// Changes an input; nil for libFuzzer's own changes.
    /// A corpus of whole inputs alone, for a `mutate` that changes only such.
    var keepsRefused = true
    var mutate: (@Sendable (_ input: inout [UInt8], _ maximum: Int, _ random: inout SeededGenerator) -> Void)?

    static let all: [FuzzTarget] = [
        .npy, .npz, .csv, .jsonLines, .number, .json, .inflate, .compressed, .pickle, .picture, .package,
        .packageFields,
        .tflite, .tfliteFields, .task, .metadata,
    ]
}

/// Counts that the run prints when it ends.
enum Statistics {
    nonisolated(unsafe) static var read = 0
    nonisolated(unsafe) static var planned = 0
    nonisolated(unsafe) static var predicted = 0
    nonisolated(unsafe) static var compared = 0
    /// Clips whose own frames gave what all frames give.
    nonisolated(unsafe) static var shortened = 0
    nonisolated(unsafe) static var slowest = 0.0
    /// How often which error was given; shows what a mutator does not get past.
    nonisolated(unsafe) static var refusals: [String: Int] = [:]

    static func print() {
        let milliseconds = Int(slowest * 1000)
        let text = """
            stat::inputs_read: \(read)
            stat::plans: \(planned)
            stat::predictions: \(predicted)
            stat::compared_with_reference: \(compared)
            stat::shortened_clips: \(shortened)
            stat::slowest_input_ms: \(milliseconds)

            """
        report(text)
        for (problem, count) in refusals.sorted(by: { $0.value > $1.value }).prefix(20) {
            report("refused: \(count) \(problem)\n")
        }
    }
}

/// Writes to standard error.
func report(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(2, bytes, bytes.count)
}

/// Ends the run with a finding: libFuzzer keeps the input.
func finding(_ problem: String) -> Never {
    report("FINDING: \(problem)\n")
    abort()
}

/// Processor time of the whole process in seconds: on a machine with other work, the wall's time says little.
func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// An input that takes longer is a finding. The sanitizer and the counters of coverage make everything some ten times
/// slower, so a user would wait a fraction of it.
private let timeLimit = 2.0

nonisolated(unsafe) private var target = FuzzTarget.all[0]

@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
) -> CInt {
    let name = arguments.pointee?[0].map { String(cString: $0) }?.split(separator: "/").last.map(String.init) ?? ""
    guard let chosen = FuzzTarget.all.first(where: { $0.name == name }) else {
        report("the executable's name is that of no target: \(name)\n")
        exit(2)
    }
    target = chosen
    atexit { Statistics.print() }
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let start = processorTime()
    let input = Array(UnsafeBufferPointer(start: data, count: size))
    let isRead = target.run(input)
    if isRead { Statistics.read += 1 }
    let duration = processorTime() - start
    if duration > timeLimit { finding("the input takes \(duration) seconds of the processor") }
    Statistics.slowest = max(Statistics.slowest, duration)
    // libFuzzer keeps what it is given −1 for out of the corpus.
    return isRead || target.keepsRefused ? 0 : -1
}

@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int) -> Int

/// libFuzzer's own changes: bits, bytes, words of the dictionary, parts of other inputs.
func mutateBytes(_ bytes: inout [UInt8], maximum: Int) {
    let count = bytes.count
    let room = max(maximum, count, 1)
    bytes.append(contentsOf: repeatElement(0, count: room - count))
    let changed = bytes.withUnsafeMutableBufferPointer { buffer in
        buffer.baseAddress.map { mutateBytes($0, count, room) } ?? count
    }
    bytes.removeSubrange(changed...)
}

@_cdecl("LLVMFuzzerCustomMutator")
public func customMutator(
    _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: CUnsignedInt
) -> Int {
    guard let mutate = target.mutate else { return mutateBytes(data, size, maximum) }
    var input = Array(UnsafeBufferPointer(start: data, count: size))
    var random = SeededGenerator(seed: UInt64(seed))
    mutate(&input, maximum, &random)
    let count = min(input.count, maximum)
    for index in 0..<count { data[index] = input[index] }
    return count
}

/// SplitMix64 (Steele, Lea and Flood): the same numbers from the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &self) < probability }
}

extension Fault {
    /// Errors are one line, whatever the file held.
    func checkForm() {
        let text = description
        if text.utf8.contains(0x0A) || text.utf8.count > 4000 { finding("an error must be one short line: \(text)") }
        if Statistics.refusals.count < 1000 { Statistics.refusals[problem, default: 0] += 1 }
    }
}
