import EmotionFormerTensors

/// Clips from JSON lines: one frame a line, or one clip a line.
///
/// A frame is an array of numbers (features), an array of `[x, y, z]` or `{"x":…, "y":…, "z":…}` (landmarks), or `null`
/// or an empty array (no face). A clip is an array of frames. Either can stand in an object as `features` or `landmarks`, beside `clip`
/// (the clip's name), `frame` (its number), `time` (in seconds; only a stream uses it) and `emotion`.
enum JSONLinesClips {
    /// The clips in the order in which they begin in the file. Frames without a `clip` are one clip.
    /// - Throws: `malformedClip` with line and column, `emptyClip`, `featureCountMismatch`, `notFinite`.
    static func read(_ bytes: [UInt8]) throws(Fault) -> [LandmarkClip] {
        var order: [String?: Int] = [:]
        var clips: [ClipAssembly] = []
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { continue }
            let place = "line \(index + 1)"
            do throws(Fault) {
                let entry = try Entry(line, number: index + 1)
                switch entry.content {
                case .frame(let frame):
                    let position = order[entry.clip] ?? clips.count
                    if position == clips.count {
                        order[entry.clip] = position
                        clips.append(ClipAssembly(place: "", name: entry.clip))
                    }
                    try clips[position].add(frame, entry)
                case .clip(let frames):
                    var assembly = ClipAssembly(place: "", name: entry.clip)
                    for (number, frame) in frames.enumerated() { try assembly.append(frame, at: "frame \(number)") }
                    assembly.emotion = entry.emotion
                    clips.append(assembly)
                }
            } catch {
                throw error.place.hasPrefix(place) ? error : error.within(place)
            }
        }
        var result: [LandmarkClip] = []
        for clip in clips { result.append(try clip.clip()) }
        return result
    }

    /// One line.
    struct Entry {
        enum Content {
            case frame(ClipAssembly.Frame?)
            case clip([ClipAssembly.Frame?])
        }

        var content: Content
        var clip: String?
        var frame: Int?
        var time: Double?
        var emotion: String?

        init(_ line: ArraySlice<UInt8>, number: Int) throws(Fault) {
            var scanner = JSONScanner(line, line: number)
            try self.init(try scanner.value())
        }

        private init(_ value: JSONFrameValue) throws(Fault) {
            guard case .object(var fields) = value else {
                content = try JSONLinesClips.content(value)
                return
            }
            let features = fields.removeValue(forKey: "features")
            let landmarks = fields.removeValue(forKey: "landmarks")
            guard let data = features ?? landmarks, features == nil || landmarks == nil else {
                throw malformed("the line has neither features nor landmarks, or both")
            }
            content = try JSONLinesClips.content(data, isLandmarks: features == nil)
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

        private static func text(_ value: JSONFrameValue, _ field: String) throws(Fault) -> String? {
            switch value {
            case .string(let text): return text
            case .number(let number): return Int(exactly: number).map(String.init) ?? "\(number)"
            case .null: return nil
            default: throw malformed("'\(field)' is not a string")
            }
        }
    }

    /// A frame or a clip, by the depth of the arrays. An array of arrays of three numbers is a frame of landmarks unless
    /// the line says that it holds features.
    private static func content(_ value: JSONFrameValue, isLandmarks: Bool? = nil) throws(Fault) -> Entry.Content {
        switch value {
        case .null: return .frame(nil)
        case .numbers(let numbers):
            // A detector that found no face gives an empty list.
            if numbers.isEmpty { return .frame(nil) }
            return .frame(isLandmarks == true ? try landmarks(flat: numbers) : .features(numbers))
        case .array(let elements):
            if isLandmarks != false, let landmarks = try landmarks(elements) { return .frame(.landmarks(landmarks)) }
            var frames: [ClipAssembly.Frame?] = []
            for element in elements {
                guard case .frame(let frame) = try content(element, isLandmarks: isLandmarks) else {
                    throw malformed("the arrays are nested too deeply for a clip")
                }
                frames.append(frame)
            }
            return .clip(frames)
        default:
            throw malformed("this is neither a frame nor a clip")
        }
    }

    /// x, y, z of each landmark, if every element is one.
    private static func landmarks(_ elements: [JSONFrameValue]) throws(Fault) -> [Float]? {
        var values: [Float] = []
        values.reserveCapacity(elements.count * 3)
        for element in elements {
            switch element {
            case .numbers(let numbers) where numbers.count == 3: values.append(contentsOf: numbers)
            case .object(let fields):
                for axis in ["x", "y", "z"] {
                    guard case .number(let value)? = fields[axis] else {
                        throw malformed("a landmark has no number '\(axis)'")
                    }
                    values.append(Float(value))
                }
            default: return nil
            }
        }
        return values
    }

    private static func landmarks(flat numbers: [Float]) throws(Fault) -> ClipAssembly.Frame {
        guard numbers.count.isMultiple(of: 3) else {
            throw Fault(
                .malformedClip, at: "", "a landmark is three numbers", found: "\(numbers.count) numbers in the frame",
                expected: "a multiple of 3")
        }
        return .landmarks(numbers)
    }

    private static func malformed(_ problem: String) -> Fault { Fault(.malformedClip, at: "", problem) }
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
