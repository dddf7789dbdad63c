import EmotionFormer

/// The frames of a source with their faces, and what became of them.
struct LandmarkReader {
    struct Frame {
        /// In the source, from 0.
        let index: Int
        let picture: TimedPicture
        /// 478 landmarks; nil for a frame without a face.
        let face: [SIMD3<Float>]?
    }

    /// Frames, and those of them with a face.
    private(set) var frames = 0
    private(set) var faces = 0
    /// Why the source ended early; the frames before are good.
    private(set) var failure: Failure?
    private let source: VisualSource
    private let finder: FaceFinder
    private var pictures: FrameSource
    private let progress: ProgressBar?

    /// - Parameter showsProgress: on standard error, if that is a terminal.
    init(_ source: VisualSource, _ finder: FaceFinder, _ options: VideoOptions, showsProgress: Bool) throws(Failure) {
        self.source = source
        self.finder = finder
        pictures = try FrameSource(source, options.settings(for: source))
        progress = showsProgress ? ProgressBar(PrintedName.short(source.name)) : nil
    }

    /// The next frame; nil at the end, or where the source fails.
    mutating func next() throws -> Frame? {
        let picture: TimedPicture
        do throws(Failure) {
            guard let next = try pictures.next() else { return end() }
            picture = next
        } catch {
            failure = error
            return end()
        }
        let face: [SIMD3<Float>]?
        do {
            face = try finder.face(in: picture)
        } catch {
            progress?.clear()
            throw Failure("\(source.path): frame \(frames): \(error)")
        }
        defer { frames += 1 }
        if face != nil { faces += 1 }
        if let total = pictures.expectedCount {
            progress?.show(min(frames + 1, total), of: total)
        } else {
            progress?.show(frames + 1, "frames")
        }
        return Frame(index: frames, picture: picture, face: face)
    }

    private func end() -> Frame? {
        progress?.clear()
        if let complaint = pictures.complaint {
            StandardError.writeLine(
                "emotionformer: note: \(source.path): \(frames) frames were read, and ffmpeg says: \(complaint)")
        }
        return nil
    }

    /// What is wrong with a source that has ended; nil if nothing.
    /// - Parameter kept: where the frames before a failure are, for the message.
    func fault(kept: String? = nil) -> Failure? {
        if let failure {
            guard let kept, faces > 0 else { return failure }
            return Failure("\(failure.message); the \(frames) frames before are \(kept)")
        }
        guard faces == 0, frames > 0 else { return nil }
        return Failure("\(source.path): no face is in any of its \(frames) frames")
    }
}

/// Names in a progress bar.
enum PrintedName {
    /// At most 32 characters, of a longer name its beginning and end.
    static func short(_ name: String) -> String {
        name.count <= 32 ? name : "\(name.prefix(14))…\(name.suffix(17))"
    }
}
