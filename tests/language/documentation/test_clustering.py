"""Customers are grouped by what they return: the pages "Python tutorial: Categorize customers
using k-means clustering"."""

DATABASE = "tpcxbb_1gb"

TABLES = """
CREATE TABLE dbo.store_sales (ss_customer_sk int, ss_item_sk bigint NOT NULL, ss_ticket_number bigint NOT NULL, ss_net_paid decimal(7, 2));
CREATE TABLE dbo.store_returns (sr_customer_sk int, sr_item_sk bigint NOT NULL, sr_ticket_number bigint NOT NULL, sr_return_amt decimal(7, 2));
CREATE TABLE dbo.customer (c_customer_sk bigint PRIMARY KEY, c_email_address char(50));
GO
/* Eight customers: odd ones return half of what they buy, even ones nothing. */
DECLARE @customer int = 1;
WHILE @customer <= 8
BEGIN
    INSERT INTO customer VALUES (@customer, CONCAT('customer', @customer, '@example.com'));
    INSERT INTO store_sales VALUES (@customer, 1, 10 * @customer, 20.00), (@customer, 2, 10 * @customer, 20.00),
        (@customer, 1, 10 * @customer + 1, 40.00), (@customer, 3, 10 * @customer + 1, NULL);
    IF @customer % 2 = 1
        INSERT INTO store_returns VALUES (@customer, 1, 10 * @customer, 20.00), (@customer, 2, 10 * @customer, 20.00);
    SET @customer += 1;
END
GO
"""

PROCEDURE = """
USE [tpcxbb_1gb]
GO

DROP procedure IF EXISTS [dbo].[py_generate_customer_return_clusters];
GO

CREATE procedure [dbo].[py_generate_customer_return_clusters]
AS

BEGIN
    DECLARE

-- Input query to generate the purchase history & return metrics
     @input_query NVARCHAR(MAX) = N'
SELECT
  ss_customer_sk AS customer,
  CAST( (ROUND(COALESCE(returns_count / NULLIF(1.0*orders_count, 0), 0), 7) ) AS FLOAT) AS orderRatio,
  CAST( (ROUND(COALESCE(returns_items / NULLIF(1.0*orders_items, 0), 0), 7) ) AS FLOAT) AS itemsRatio,
  CAST( (ROUND(COALESCE(returns_money / NULLIF(1.0*orders_money, 0), 0), 7) ) AS FLOAT) AS monetaryRatio,
  CAST( (COALESCE(returns_count, 0)) AS FLOAT) AS frequency
FROM
  (
    SELECT
      ss_customer_sk,
      -- return order ratio
      COUNT(distinct(ss_ticket_number)) AS orders_count,
      -- return ss_item_sk ratio
      COUNT(ss_item_sk) AS orders_items,
      -- return monetary amount ratio
      SUM( ss_net_paid ) AS orders_money
    FROM store_sales s
    GROUP BY ss_customer_sk
  ) orders
  LEFT OUTER JOIN
  (
    SELECT
      sr_customer_sk,
      -- return order ratio
      count(distinct(sr_ticket_number)) as returns_count,
      -- return ss_item_sk ratio
      COUNT(sr_item_sk) as returns_items,
      -- return monetary amount ratio
      SUM( sr_return_amt ) AS returns_money
    FROM store_returns
    GROUP BY sr_customer_sk
  ) returned ON ss_customer_sk=sr_customer_sk
 '

EXEC sp_execute_external_script
      @language = N'Python'
    , @script = N'

import pandas as pd
from sklearn.cluster import KMeans

#get data from input query
customer_data = my_input_data

#We concluded in step 2 in the tutorial that 4 would be a good number of clusters: here it is 2
n_clusters = 2

#Perform clustering
est = KMeans(n_clusters=n_clusters, random_state=111, n_init=4).fit(customer_data[["orderRatio","itemsRatio","monetaryRatio","frequency"]])
clusters = est.labels_
customer_data["cluster"] = clusters

OutputDataSet = customer_data
'
    , @input_data_1 = @input_query
    , @input_data_1_name = N'my_input_data'
             with result sets (("Customer" int, "orderRatio" float,"itemsRatio" float,"monetaryRatio" float,"frequency" float,"cluster" float));
END;
GO

--Creating a table for storing the clustering data
DROP TABLE IF EXISTS [dbo].[py_customer_clusters];
GO
CREATE TABLE [dbo].[py_customer_clusters](
 [Customer] [bigint] NULL,
 [OrderRatio] [float] NULL,
 [itemsRatio] [float] NULL,
 [monetaryRatio] [float] NULL,
 [frequency] [float] NULL,
 [cluster] [int] NULL,
 ) ON [PRIMARY]
GO

--Execute the clustering and insert results into table
INSERT INTO py_customer_clusters
EXEC [dbo].[py_generate_customer_return_clusters];
"""

# The page's last step: the customers of one cluster get a letter.
EMAILS = """
SELECT customer.[c_email_address], customer.c_customer_sk
  FROM dbo.customer
  JOIN
  [dbo].[py_customer_clusters] as c
  ON c.Customer = customer.c_customer_sk
  WHERE c.cluster = (SELECT cluster FROM py_customer_clusters WHERE Customer = 1)
"""


def test_customers_are_grouped(page):
    page.run(TABLES).check()
    page.run(PROCEDURE).check()
    clusters = page.run("SELECT * FROM py_customer_clusters ORDER BY Customer;").only
    assert clusters.types == ["bigint", "float", "float", "float", "float", "int"]
    odd, even = clusters.rows[0], clusters.rows[1]
    assert (odd[:5], even[:5]) == ((1, 0.5, 0.5, 0.5, 1.0), (2, 0.0, 0.0, 0.0, 0.0))
    assert odd[5] != even[5]
    assert [row[5] for row in clusters.rows] == [odd[5], even[5]] * 4
    written = page.run(EMAILS)
    assert sorted(row[1] for row in written.rows) == [1, 3, 5, 7]
    assert written.rows[0][0] == "customer1@example.com".ljust(50)
