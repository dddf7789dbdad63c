/// When a video's packets are shown, read without decoding them: they tell a steady rate, whose exact times a container
/// has rounded, from a variable one.
struct PacketTimes {
    /// Ascending, in units of the tick. Empty if there are too many to tell.
    private(set) var ticks: [Int] = []
    private(set) var tick: Fraction?
    /// Packets that are shown.
    private(set) var count = 0

    /// Enough to tell a steady rate from a variable one, in bounded memory.
    private static let most = 1_000_000
    private static let discarded = 4

    /// - Throws: if ffmpeg cannot open the file, or finds no video in it.
    init(path: String, name: String, patience: Int) throws(Failure) {
        let child = try FFmpeg.start(FFmpeg.packets(path), for: name)
        defer { child.end() }
        let pipes = ChildPipes(child, patience: patience)
        var messages = FFmpegMessages()
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let found: Result<Int, ChildPipes.Silence> = chunk.withUnsafeMutableBytes { buffer in
                Result { () throws(ChildPipes.Silence) in try pipes.read(into: buffer) { messages.add($0) } }
            }
            guard case .success(let length) = found else {
                throw Failure(
                    "\(name): ffmpeg sent nothing for \(patience) seconds and was ended (--patience waits longer)")
            }
            guard length > 0 else { break }
            for byte in chunk[..<length] {
                if byte == 0x0A {
                    add(String(decoding: line, as: UTF8.self))
                    line.removeAll(keepingCapacity: true)
                } else if line.count < 1000 {
                    line.append(byte)
                }
            }
        }
        guard case .code(0)? = child.wait(seconds: patience) else {
            throw Failure("\(name): ffmpeg cannot read it\(messages.reason)")
        }
        if count > PacketTimes.most { ticks = [] }
        ticks.sort()
    }

    /// `#tb 0: 1/1000`, or `0, dts, pts, duration, size, checksum, F=0x1`.
    private mutating func add(_ line: String) {
        if line.hasPrefix("#tb 0: ") { tick = Fraction(line.dropFirst(7)) }
        guard !line.hasPrefix("#") else { return }
        let fields = line.split(separator: ",").map { $0.drop { $0 == " " } }
        guard fields.count >= 6, let shown = Int(fields[2]), shown.magnitude <= ShowInfo.mostTicks.magnitude else {
            return
        }
        let flags = fields.dropFirst(6).first { $0.hasPrefix("F=0x") }.flatMap { Int($0.dropFirst(4), radix: 16) }
        if let flags, flags & PacketTimes.discarded != 0 { return }
        count += 1
        if count <= PacketTimes.most { ticks.append(shown) }
    }
}
