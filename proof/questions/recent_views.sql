-- What did each user look at last?

-- derived: from clicks
SELECT user_id, product_id, moment(max(event_us)) AS viewed_at
FROM clicks WHERE event_type = 'view' GROUP BY ALL;
