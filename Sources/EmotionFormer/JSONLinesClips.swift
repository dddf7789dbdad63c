import EmotionFormerCore
import EmotionFormerFiles

/// Clips from JSON lines: one frame per line, or one clip per line.
///
/// A frame is an array of numbers (features), an array of `[x, y, z]` or `{"x":…, "y":…, "z":…}` (landmarks), or `null`
/// or an empty array (no face). A clip is an array of frames. Either can stand in an object as `features` or
/// `landmarks`, beside `clip` (the clip's name), `frame` (its number), `time` (in seconds; only a stream uses it) and
/// `emotion`. For a model whose frames have axes of their own, a frame may be nested as they are.
enum JSONLinesClips {
    /// The clips in the order of their first frames in the file. Frames without a `clip` form one clip.
    /// - Throws: `malformedClip` with line and column, `emptyClip`, `featureCountMismatch`, `notFinite`.
    static func read(_ bytes: [UInt8], _ shape: ClipShape? = nil) throws(Fault) -> [LandmarkClip] {
        let budget = ClipBudget(fileBytes: bytes.count)
        var order: [String?: Int] = [:]
        var clips: [ClipAssembly] = []
        var number = 0
        var rest = Text.withoutMark(bytes)[...]
        while !rest.isEmpty {
            let line = rest.prefix { $0 != 0x0A }
            rest = rest[line.endIndex...].dropFirst()
            number += 1
            guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { continue }
            let place = "line \(number)"
            do throws(Fault) {
                let entry = try Entry(line, number: number, shape)
                if case .frame(let frame) = entry.content {
                    // A model of single frames takes each as a clip.
                    let position = shape?.isVector == true ? clips.count : order[entry.clip] ?? clips.count
                    if position == clips.count {
                        try ClipLimits.checkClips(position + 1)
                        order[entry.clip] = position
                        clips.append(ClipAssembly(place: "", name: entry.clip, budget: budget))
                    }
                    try clips[position].add(frame, entry)
                } else {
                    try ClipLimits.checkClips(clips.count + 1)
                    clips.append(try assembly(of: entry, budget))
                }
            } catch {
                throw error.place.hasPrefix(place) ? error : error.within(place)
            }
        }
        var result: [LandmarkClip] = []
        result.reserveCapacity(clips.count)
        for index in clips.indices {
            // Removed from the list, so that the memory has one owner and is not copied.
            let clip = clips[index]
            clips[index] = ClipAssembly(place: "")
            result.append(try clip.clip())
        }
        return result
    }

    /// A clip on one line.
    private static func assembly(of entry: Entry, _ budget: ClipBudget) throws(Fault) -> ClipAssembly {
        var assembly = ClipAssembly(place: "", name: entry.clip, budget: budget)
        assembly.emotion = entry.emotion
        let frames = entry.frames
        let size = frames.lazy.compactMap { $0?.values.count }.first ?? 0
        assembly.reserve(frames: frames.count, values: frames.count { $0 != nil } * size, areNumbered: false)
        for (number, frame) in frames.enumerated() { try assembly.append(frame, at: "frame \(number)") }
        return assembly
    }

    /// One line.
    struct Entry {
        enum Content {
            case frame(ClipAssembly.Frame?)
            /// Frames of one size, one after the other.
            case even(ArraySlice<Float>, frameCount: Int, isLandmarks: Bool)
            case uneven([ClipAssembly.Frame?])
        }

        var content: Content
        var clip: String?
        var frame: Int?
        var time: Double?
        var emotion: String?

        init(_ line: ArraySlice<UInt8>, number: Int, _ shape: ClipShape? = nil) throws(Fault) {
            var scanner = JSONScanner(line, line: number, elementLimit: ClipLimits.unevenFrames)
            let value = try readingClip(scanner.value())
            let numbers = scanner.numbers
            guard case .object(var fields) = value else {
                content = try JSONLinesClips.content(value, numbers, shape)
                return
            }
            let features = fields.removeValue(forKey: "features")
            let landmarks = fields.removeValue(forKey: "landmarks")
            guard let data = features ?? landmarks, features == nil || landmarks == nil else {
                throw malformed("the line has neither features nor landmarks, or both")
            }
            content = try JSONLinesClips.content(data, numbers, shape, isLandmarks: features == nil)
            if let name = fields.removeValue(forKey: "clip") { clip = try Entry.text(name, "clip") }
            if let name = fields.removeValue(forKey: "emotion") { emotion = try Entry.text(name, "emotion") }
            if let number = fields.removeValue(forKey: "frame") {
                guard case .number(let value) = number, let exact = Int(exactly: value) else {
                    throw malformed("'frame' is not a whole number")
                }
                frame = exact
            }
            switch fields.removeValue(forKey: "time") {
            case nil, .null?: break
            case .number(let seconds)? where seconds.isFinite: time = seconds
            default: throw malformed("'time' is not a number")
            }
            if let unknown = fields.keys.min() {
                throw Fault(
                    .unknownField, at: "", "the field is unknown", found: unknown,
                    expected: "features, landmarks, clip, frame, time or emotion")
            }
        }

        /// The line's frames; nil for one without a face.
        var frames: LazyMapSequence<Range<Int>, ClipAssembly.Frame?> {
            let content = content
            let count =
                switch content {
                case .frame: 1
                case .even(_, let frameCount, _): frameCount
                case .uneven(let frames): frames.count
                }
            return (0..<count).lazy.map { index in
                switch content {
                case .frame(let frame): return frame
                case .uneven(let frames): return frames[index]
                case .even(let values, let frameCount, let isLandmarks):
                    let size = values.count / frameCount
                    let start = values.startIndex + index * size
                    return ClipAssembly.Frame(values: values[start..<start + size], isLandmarks: isLandmarks)
                }
            }
        }

        private static func text(_ value: JSONPackedValue, _ field: String) throws(Fault) -> String? {
            switch value {
            case .string(let text): return text
            case .number(let number): return Int(exactly: number).map(String.init) ?? "\(number)"
            case .null: return nil
            default: throw malformed("'\(field)' is not a string")
            }
        }
    }

    /// A frame or a clip, depending on the depth of the arrays. An array of arrays of three numbers is a frame of
    /// landmarks unless the line names it `features`.
    private static func content(
        _ value: JSONPackedValue, _ numbers: [Float], _ shape: ClipShape?, isLandmarks: Bool? = nil,
        mayBeClip: Bool = true
    ) throws(Fault) -> Entry.Content {
        switch value {
        case .null: return .frame(nil)
        case .packed(let packed):
            if let shape, let content = content(packed, numbers, shape, isLandmarks, mayBeClip) { return content }
            return try content(packed, numbers, isLandmarks: isLandmarks)
        case .array(let elements):
            // A detector that found no face gives an empty list.
            if elements.isEmpty { return .frame(nil) }
            var frames: [ClipAssembly.Frame?] = []
            frames.reserveCapacity(elements.count)
            for element in elements {
                guard
                    case .frame(let frame) = try content(
                        element, numbers, shape, isLandmarks: isLandmarks, mayBeClip: false)
                else {
                    throw malformed("the arrays are nested too deeply for a clip")
                }
                frames.append(frame)
            }
            return .uneven(frames)
        case .object(let fields):
            if isLandmarks != false, let axis = ["x", "y", "z"].first(where: { fields[$0].isNoNumber }) {
                throw malformed("a landmark has no number '\(axis)'")
            }
            throw malformed("this is neither a frame nor a clip")
        case .number, .string: throw malformed("this is neither a frame nor a clip")
        }
    }

    /// A frame or a clip of the model's own shape; nil if the arrays are none.
    private static func content(
        _ packed: JSONNumbers, _ numbers: [Float], _ shape: ClipShape, _ isLandmarks: Bool?, _ mayBeClip: Bool
    ) -> Entry.Content? {
        let extents = (0..<Int(packed.rank)).map { packed[$0] }
        // A line that can be read in two ways, of one landmark, is read as without a model.
        guard let axes = try? shape.frameAxes(of: extents, leading: mayBeClip ? 0...1 : 0...0) else { return nil }
        if mayBeClip, extents.count == axes.count, axes.count == 2, extents[0] == 1, shape.input.frameShape.count == 1 {
            return nil
        }
        // Where a line names its values, the name decides what three of them are, unless they are so in the model.
        let isOwn = shape.input.frameShape.count > 1 && axes.count == shape.input.frameShape.count
        if isLandmarks != nil, axes.count == 1 || (axes.areLandmarks && !isOwn) { return nil }
        let areLandmarks = axes.areLandmarks && isLandmarks != false
        let values = numbers[packed.range]
        guard extents.count > axes.count else {
            return .frame(ClipAssembly.Frame(values: values, isLandmarks: areLandmarks))
        }
        return .even(values, frameCount: extents[0], isLandmarks: areLandmarks)
    }

    private static func content(
        _ packed: JSONNumbers, _ numbers: [Float], isLandmarks: Bool?
    ) throws(Fault) -> Entry.Content {
        let values = numbers[packed.range]
        guard isLandmarks != false || !packed.areObjects else { throw malformed("this is neither a frame nor a clip") }
        let areLandmarks = isLandmarks != false && packed.rank > 1 && packed[Int(packed.rank) - 1] == 3
        switch packed.rank - (areLandmarks ? 1 : 0) {
        case 1:
            let isLandmarks = areLandmarks || isLandmarks == true
            try checkLandmarks(values.count, isLandmarks)
            return .frame(ClipAssembly.Frame(values: values, isLandmarks: isLandmarks))
        case 2:
            let isLandmarks = areLandmarks || isLandmarks == true
            try checkLandmarks(values.count / packed[0], isLandmarks)
            return .even(values, frameCount: packed[0], isLandmarks: isLandmarks)
        default: throw malformed("the arrays are nested too deeply for a clip")
        }
    }

    private static func checkLandmarks(_ count: Int, _ areLandmarks: Bool) throws(Fault) {
        guard !areLandmarks || count.isMultiple(of: 3) else {
            throw Fault(
                .malformedClip, at: "", "a landmark is three numbers", found: "\(count) numbers in the frame",
                expected: "a multiple of 3")
        }
    }

    private static func malformed(_ problem: String) -> Fault { Fault(.malformedClip, at: "", problem) }
}

extension JSONPackedValue? {
    fileprivate var isNoNumber: Bool { if case .number? = self { false } else { true } }
}

extension ClipAssembly {
    fileprivate mutating func add(_ frame: Frame?, _ entry: JSONLinesClips.Entry) throws(Fault) {
        if let stated = entry.emotion {
            guard emotion == nil || emotion == stated else {
                throw Fault(.malformedClip, at: "", "the clip has two emotions", found: stated, expected: emotion)
            }
            emotion = stated
        }
        try append(frame, number: entry.frame, at: "")
    }
}
