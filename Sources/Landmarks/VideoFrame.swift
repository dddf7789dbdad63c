/// A frame of a video: a picture and its time.
public struct VideoFrame: Sendable, Hashable {
    public var image: ImageFrame
    /// Later than that of the frame before.
    public var timestampInMilliseconds: Int

    public init(image: ImageFrame, timestampInMilliseconds: Int) {
        self.image = image
        self.timestampInMilliseconds = timestampInMilliseconds
    }
}
