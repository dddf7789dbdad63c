import EmotionFormerCore
import EmotionFormerLandmarks

/// A picture and when it is shown.
struct TimedPicture {
    let width: Int
    let height: Int
    /// height × width × 3: red, green, blue.
    let pixels: [UInt8]
    /// Seconds after the first one.
    var time: Fraction
}

/// The frames of a source, with rising times from 0.
struct FrameSource {
    struct Settings: Sendable {
        /// Frames a second to resample to; nil for every frame.
        var rate: Fraction?
        /// So much of the source.
        var seconds: Fraction?
        var video = VideoReader.Settings()
    }

    let source: VisualSource
    /// The number of frames, for a progress bar; nil if it is not known.
    let expectedCount: Int?
    private let settings: Settings
    private var reader: any FrameReader

    init(_ source: VisualSource, _ settings: Settings) throws(Failure) {
        self.source = source
        self.settings = settings
        var (reader, count): (any FrameReader, Int?)
        switch source.kind {
        case .pictures(let files):
            reader = PictureFrames(files, rate: settings.rate ?? FrameTimes.usualRate, settings.video)
            count = files.count
        case .camera:
            (reader, count) = (try VideoFrames(source, settings.video, packets: nil), nil)
        case .video:
            let packets = try VideoFrames.packets(of: source, settings.video)
            reader = try VideoFrames(source, settings.video, packets: packets)
            count = packets.flatMap { $0.count > 0 ? $0.count : nil }
            if let rate = settings.rate, let packets, let first = packets.ticks.first, let last = packets.ticks.last,
                let tick = packets.tick
            {
                let seconds = (Fraction(Int128(last) - Int128(first)) * tick).double
                count = Int(exactly: (seconds * rate.double).rounded(.down)).map { $0 + 1 }
            }
        }
        if let rate = settings.rate, !source.isPictures { reader = ResampledFrames(reader, rate: rate) }
        self.reader = reader
        expectedCount = count
    }

    /// The next frame; nil at the end.
    /// - Throws: for what cannot be read or decoded, at the frame where that shows. What was read before is good.
    mutating func next() throws(Failure) -> TimedPicture? {
        guard let frame = try reader.next() else { return nil }
        if let seconds = settings.seconds, frame.time >= seconds { return nil }
        return frame
    }

    /// What the decoder found wrong in a video that it read to an end; nil if nothing.
    var complaint: String? { reader.complaint }
}

/// Gives frames in order.
protocol FrameReader {
    mutating func next() throws(Failure) -> TimedPicture?
    var complaint: String? { get }
}

extension VisualSource {
    fileprivate var isPictures: Bool { if case .pictures = kind { true } else { false } }
}

/// The frames of a video or camera.
struct VideoFrames: FrameReader {
    private let reader: VideoReader
    private let packets: PacketTimes?
    private let name: String
    private let isLive: Bool
    private var clock = FrameClock()
    private var hasRate = false

    /// nil for what can be read only once.
    static func packets(of source: VisualSource, _ settings: VideoReader.Settings) throws(Failure) -> PacketTimes? {
        guard source.isRegular else { return nil }
        return try PacketTimes(path: source.path, name: source.path, patience: settings.patience)
    }

    init(_ source: VisualSource, _ settings: VideoReader.Settings, packets: PacketTimes?) throws(Failure) {
        let input: FFmpeg.Input =
            if case .camera(let number) = source.kind { .camera(number) } else { .file(source.path) }
        reader = try VideoReader(input, name: source.path, settings: settings)
        self.packets = packets
        name = source.path
        isLive = source.isCamera
    }

    var complaint: String? { reader.complaint }

    mutating func next() throws(Failure) -> TimedPicture? {
        while let frame = try reader.next() {
            if !hasRate {
                hasRate = true
                clock.fallback = reader.statedRate ?? FrameTimes.usualRate
                if let packets, let tick = packets.tick {
                    clock.rate = FrameTimes.steadyRate(
                        ticks: packets.ticks, tick: tick,
                        candidates: (reader.statedRate.map { [$0] } ?? []) + FrameTimes.commonRates)
                }
            }
            // A frame that does not come after the one before is not shown.
            guard let time = clock.time(ticks: frame.ticks, tick: reader.timeBase) else { continue }
            return TimedPicture(width: frame.width, height: frame.height, pixels: reader.pixels, time: time)
        }
        guard clock.last != nil || isLive else { throw Failure("\(name): the video has no frame") }
        return nil
    }
}

/// From a container's times to seconds after the first frame.
struct FrameClock {
    /// The steady rate, whose exact times the container has rounded.
    var rate: Fraction?
    /// For a stream without times of its own, such as raw H.264.
    var fallback = FrameTimes.usualRate
    private(set) var last: Fraction?
    private var start: Int?
    /// Where the first frame with a time stands.
    private var offset = Fraction.zero

    /// Half a year; beyond it a time is not believed.
    private static let longest = Fraction(1 << 24)

    /// nil for a frame that does not come after the one before.
    mutating func time(ticks: Int?, tick: Fraction?) -> Fraction? {
        var time = last.map { $0 + Fraction(1) / fallback } ?? .zero
        if let ticks, let tick {
            if start == nil {
                start = ticks
                offset = last ?? .zero
            }
            let elapsed = Fraction(Int128(ticks) - Int128(start ?? ticks)) * tick
            if elapsed.magnitude <= FrameClock.longest { time = FrameTimes.placed(elapsed, rate) + offset }
        }
        if let last, time <= last { return nil }
        last = time
        return time
    }
}

/// Pictures of files, evenly in time.
struct PictureFrames: FrameReader {
    private let files: [String]
    private let rate: Fraction
    private let settings: VideoReader.Settings
    private var index = 0

    init(_ files: [String], rate: Fraction, _ settings: VideoReader.Settings) {
        self.files = files
        self.rate = rate
        self.settings = settings
    }

    var complaint: String? { nil }

    mutating func next() throws(Failure) -> TimedPicture? {
        guard index < files.count else { return nil }
        let file = files[index]
        defer { index += 1 }
        let time = Fraction(Int128(index)) / rate
        do throws(Fault) {
            if try PictureFormat(fileAt: file)?.isRead ?? false {
                let picture = try Picture(path: file)
                return TimedPicture(width: picture.width, height: picture.height, pixels: picture.bytes, time: time)
            }
        } catch {
            throw Failure(error.description)
        }
        // JPEG and what else ffmpeg knows.
        let reader = try VideoReader(.file(file), name: file, settings: settings)
        guard let frame = try reader.next() else { throw Failure("\(file): this is not a picture that can be read") }
        return TimedPicture(width: frame.width, height: frame.height, pixels: reader.pixels, time: time)
    }
}

/// Frames at a constant rate, each the one nearest in time (of two, the earlier), from the first frame's time to the last
/// one's. One frame is held back.
struct ResampledFrames: FrameReader {
    private var frames: any FrameReader
    private let rate: Fraction
    private var held: TimedPicture?
    private var following: TimedPicture?
    private var hasEnded = false
    private var count = 0

    init(_ frames: any FrameReader, rate: Fraction) {
        self.frames = frames
        self.rate = rate
    }

    var complaint: String? { frames.complaint }

    mutating func next() throws(Failure) -> TimedPicture? {
        while true {
            if following == nil, !hasEnded {
                following = try frames.next()
                hasEnded = following == nil
            }
            let wanted = Fraction(Int128(count)) / rate
            guard let held else {
                guard following != nil else { return nil }
                self.held = following
                following = nil
                continue
            }
            let isShown: Bool
            if let following {
                let isNearer = held.time <= wanted && following.time + held.time < wanted + wanted
                isShown = wanted < following.time && !isNearer
            } else {
                // Half a frame more, so that the last frame is shown even where it falls between two.
                isShown = wanted < held.time + Fraction(1) / (rate * Fraction(2))
            }
            if isShown {
                count += 1
                var frame = held
                frame.time = wanted
                return frame
            }
            guard following != nil else { return nil }
            self.held = following
            following = nil
        }
    }
}
