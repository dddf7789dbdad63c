import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerSystem

/// One line of landmarks: a frame, or a clip of several.
package struct LandmarkLine: Sendable {
    package let clip: String?
    package let frames: [LandmarkFrame]
}

/// Reads JSON lines of landmarks as they arrive, for instance from a pipe.
package struct LandmarkLines: ~Copyable {
    private let name: String
    private let shape: ClipShape?
    private let descriptor: Int32
    /// The bytes from `start` on are read but not yet returned. There is no line break before `scanned`.
    private var buffer: [UInt8]
    private var start: Int
    private var scanned: Int
    private var hasEnded: Bool
    private var lineNumber: Int
    private var order: Order

    /// The frame before, which the next one of its clip follows.
    private struct Order {
        var last: (clip: String?, frame: Int)?
    }

    /// The most bytes of a line; a frame of 478 landmarks has about 30,000.
    private static let lineLimit = 1 << 26

    /// Standard input, or the file at `path`, for a model with this input.
    /// - Throws: `missingFile`, `unreadableFile`.
    package init(path: String?, for input: ModelInput? = nil) throws(EmotionFormerError) {
        let descriptor = try publicly { () throws(Fault) -> Int32 in
            guard let path else { return 0 }
            return try ByteSource.openFile(path)
        }
        // Nothing is assigned before the last failure: see OutputFolder.
        self.descriptor = descriptor
        shape = input.map { ClipShape($0) }
        name = path ?? "standard input"
        buffer = []
        start = 0
        scanned = 0
        hasEnded = false
        lineNumber = 0
        order = Order()
    }

    deinit { if descriptor > 0 { close(descriptor) } }

    /// The next line, waiting for it if necessary; nil at the end.
    /// - Throws: `malformedClip`, `notFinite` and others for the contents of the line, with its number;
    ///   `unreadableFile`.
    package mutating func next() throws(EmotionFormerError) -> LandmarkLine? {
        do throws(Fault) {
            while let line = try nextLine() {
                lineNumber += 1
                if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
                return try parse(line)
            }
            return nil
        } catch {
            throw EmotionFormerError(error.within(name))
        }
    }

    private mutating func parse(_ line: ArraySlice<UInt8>) throws(Fault) -> LandmarkLine {
        let place = "line \(lineNumber)"
        do throws(Fault) {
            let entry = try JSONLinesClips.Entry(line, number: lineNumber, shape)
            if let frame = entry.frame {
                if let last = order.last, last.clip == entry.clip, frame <= last.frame {
                    throw Fault(
                        .malformedClip, at: "", "the frames of a stream come in order", found: "\(frame)",
                        expected: "more than \(last.frame)")
                }
                order.last = (entry.clip, frame)
            }
            var time: Double?
            if case .frame = entry.content { time = entry.time }
            var frames: [LandmarkFrame] = []
            for frame in entry.frames {
                frames.append(
                    try LandmarkFrame(
                        checking: frame?.values ?? [],
                        landmarkCount: frame.flatMap { $0.isLandmarks ? $0.values.count / 3 : nil },
                        time: time))
            }
            return LandmarkLine(clip: entry.clip, frames: frames)
        } catch {
            throw error.place.hasPrefix(place) ? error : error.within(place)
        }
    }

    /// The next line without its end; nil at the end of the stream.
    private mutating func nextLine() throws(Fault) -> ArraySlice<UInt8>? {
        while true {
            if let end = buffer[scanned...].firstIndex(of: 0x0A) {
                defer { (start, scanned) = (end + 1, end + 1) }
                return buffer[start..<end]
            }
            if hasEnded {
                guard start < buffer.count else { return nil }
                defer { (start, scanned) = (buffer.count, buffer.count) }
                return buffer[start...]
            }
            buffer.removeFirst(start)
            start = 0
            scanned = buffer.count
            guard buffer.count <= LandmarkLines.lineLimit else {
                throw Fault(
                    .limitExceeded, at: "line \(lineNumber + 1)", "the line is too long",
                    expected: "at most \(LandmarkLines.lineLimit) bytes")
            }
            let chunk = try ByteSource.read(descriptor, atMost: 1 << 16, name: "")
            hasEnded = chunk.isEmpty
            buffer.append(contentsOf: chunk)
        }
    }
}
